import { describe, expect, it } from 'vitest'

import { readReconnectHint, reconnectHint } from '../../../src/protocol/closing/reconnect-hint.ts'

describe('reconnectHint()', () => {
  it.each([
    [0, 'reconnect in 0 s'],
    [12_300, 'reconnect in 12.3 s'],
    [1, 'reconnect in 0.001 s'],
    [1_234.567, 'reconnect in 1.235 s'],
    [86_400_000, 'reconnect in 86400 s'],
  ])('writes %d ms as "%s"', (delayMs, message) => {
    expect(reconnectHint(delayMs)).toBe(message)
  })
})

describe('readReconnectHint()', () => {
  it('reads what is written', () => {
    for (const delayMs of [0, 1, 999, 12_300, 86_400_000]) {
      expect(readReconnectHint(reconnectHint(delayMs))).toBe(delayMs)
    }
  })

  it.each([
    '',
    'Going away',
    'reconnect',
    'reconnect in 5',
    'reconnect in -5 s',
    'reconnect in 1e12 s',
    'reconnect in Infinity s',
    'reconnect in .5 s',
    'reconnect in 0.0005 s',
    'reconnect in 1234567890 s',
    ' reconnect in 5 s',
    'reconnect in 5 s ',
    'reconnect in 5 s\n',
    'RECONNECT IN 5 S',
  ])('finds nothing in %j', (message) => {
    expect(readReconnectHint(message)).toBeNull()
  })
})
