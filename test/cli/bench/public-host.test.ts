import { describe, expect, it } from 'vitest'
import { isPublicHost } from '../../../src/cli/bench/public-host.ts'

describe('isPublicHost()', () => {
  it.each([
    'localhost',
    '127.0.0.1',
    '[::1]',
    '10.1.2.3',
    '192.168.0.1',
    '172.16.0.1',
    '172.31.9.9',
    '169.254.1.1',
    '[fd00::1]',
    '[fe80::1]',
    '[::ffff:10.0.0.1]',
    'box',
    'a.local',
    'a.internal',
  ])('%s is not public', (host) => {
    expect(isPublicHost(new URL(`ws://${host}/`))).toBe(false)
  })

  it.each([
    'example.com',
    '8.8.8.8',
    '172.32.0.1',
    '[2606:4700::1]',
    '[::ffff:8.8.8.8]',
    'notlocalhost.com',
    '10.example.com',
    '127.0.0.1.example.com',
  ])('%s is public', (host) => {
    expect(isPublicHost(new URL(`ws://${host}/`))).toBe(true)
  })
})
