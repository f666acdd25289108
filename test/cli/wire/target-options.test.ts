import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Arguments } from '../../../src/cli/arguments.ts'
import { readTargetOptions, readUrl } from '../../../src/cli/wire/target-options.ts'

describe('readTargetOptions()', () => {
  it('reads everything for the client', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'towpath-')), 'a.pem')
    writeFileSync(file, 'PEM')
    const args = new Arguments(
      {
        header: ['A: b', 'C:d:e'],
        protocol: ['x'],
        origin: 'https://a.example',
        ca: file,
        cert: file,
        key: file,
        servername: 'b.example',
        insecure: true,
        unix: '/run/a.sock',
        redirects: '3',
        deflate: true,
      },
      [],
    )

    const { extensions, ...options } = readTargetOptions(args, 'wss://a.example/')

    expect(extensions).toHaveLength(1)
    const pem = Buffer.from('PEM')
    expect(options).toEqual({
      headers: [
        ['A', 'b'],
        ['C', 'd:e'],
      ],
      protocols: ['x'],
      origin: 'https://a.example',
      tls: { ca: pem, cert: pem, key: pem, servername: 'b.example', rejectUnauthorized: false },
      socketPath: '/run/a.sock',
      followRedirects: 3,
    })
  })

  it('refuses a proxy together with a Unix socket', () => {
    const args = new Arguments({ proxy: 'http://a', unix: '/b' }, [])

    expect(() => readTargetOptions(args, 'ws://a')).toThrow('--proxy with --unix')
  })
})

describe('readUrl()', () => {
  it.each([
    ['localhost:8080/a', 'ws://localhost:8080/a'],
    ['wss://a.example', 'wss://a.example'],
    ['http://a.example', 'http://a.example'],
    ['[::1]:9', 'ws://[::1]:9'],
  ])('reads %s as %s', (text, url) => {
    expect(readUrl(text)).toBe(url)
  })
})
