import { describe, expect, it } from 'vitest'

import {
  serverDelay,
  hasEndedNormally,
  mayReconnect,
} from '../../../src/client/reconnecting/reconnect-policy.ts'
import { ConnectError, UpgradeRefusedError } from '../../../src/client/opening/errors.ts'
import type { Setback } from '../../../src/client/reconnecting/reconnect-state.ts'
import { CloseReason } from '../../../src/protocol/index.ts'

function ended(code: number, message = '', by: 'local' | 'remote' = 'remote'): Setback {
  const reason = new CloseReason(code, message)
  const remote = by === 'remote' && code !== 1006 ? reason : null
  const info = { reason, initiator: by, local: null, remote, clean: false, cause: null }
  return { info, error: null }
}

function refused(status: number, headers: ReadonlyArray<[string, string]> = []): Setback {
  return { info: null, error: new UpgradeRefusedError(status, headers, '') }
}

function failed(error: Error): Setback {
  return { info: null, error }
}

describe('mayReconnect()', () => {
  it.each([1001, 1005, 1006, 1011, 1012, 1013, 1014, 3001, 3008, 4000, 4001, 4399, 4500, 4999])(
    'reconnects after %d',
    (code) => {
      expect(mayReconnect(ended(code))).toBe(true)
    },
  )

  it.each([1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003])('ends with %d', (code) => {
    expect(mayReconnect(ended(code))).toBe(false)
    expect(mayReconnect(ended(code, '', 'local'))).toBe(false)
  })

  it.each([
    [4400, false],
    [4401, false],
    [4403, false],
    [4404, false],
    [4408, true],
    [4409, false],
    [4425, true],
    [4429, true],
    [4498, false],
    [4499, true],
  ])('takes %d for the HTTP status of its last digits: %s', (code, comesBack) => {
    expect(mayReconnect(ended(code))).toBe(comesBack)
  })

  it.each([200, 302, 408, 425, 429, 500, 502, 503, 504])('reconnects after status %d', (status) => {
    expect(mayReconnect(refused(status))).toBe(true)
  })

  it.each([400, 401, 403, 404, 405, 410, 426, 431])('ends with status %d', (status) => {
    expect(mayReconnect(refused(status))).toBe(false)
  })

  it('comes back when nobody was there, and after what opened() has thrown', () => {
    expect(mayReconnect(failed(new ConnectError('connect', 'nobody listens')))).toBe(true)
    expect(mayReconnect(failed(new TypeError('fetch failed')))).toBe(true)
  })

  it('looks at the end of the session first, when opened() has failed with it', () => {
    expect(mayReconnect({ ...ended(1008), error: new Error('closed') })).toBe(false)
    expect(mayReconnect({ ...ended(1001), error: new Error('closed') })).toBe(true)
  })
})

describe('hasEndedNormally()', () => {
  it('is so for 1000 alone', () => {
    expect(hasEndedNormally(ended(1000))).toBe(true)
    expect(hasEndedNormally(ended(1001))).toBe(false)
    expect(hasEndedNormally(refused(401))).toBe(false)
  })
})

describe('serverDelay()', () => {
  const DATE: [string, string] = ['date', 'Mon, 23 Nov 2026 03:00:00 GMT']

  it.each<[string, number | null]>([
    ['0', 0],
    ['5', 5_000],
    ['120', 120_000],
    ['1000000000000', 1e15],
    ['Mon, 23 Nov 2026 03:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 02:59:30 GMT', null],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    ['2026-11-23T03:00:30Z', null],
    ['Mon, 99 Nov 2026 03:00:30 GMT', null],
  ])('reads Retry-After "%s" as %s', (value, delay) => {
    const expected = delay === null ? null : { ms: delay, isSpread: false }

    expect(serverDelay(refused(503, [['Retry-After', value], DATE]), 0)).toEqual(expected)
    expect(serverDelay(refused(429, [['retry-after', value], DATE]), 0)).toEqual(expected)
  })

  it('does not compare a date with a clock of its own', () => {
    const date: [string, string] = ['retry-after', 'Mon, 23 Nov 2026 03:00:30 GMT']

    expect(serverDelay(refused(503, [date]), 0)).toBeNull()
  })

  it('is nothing without Retry-After, and for other failures', () => {
    expect(serverDelay(refused(503), 0)).toBeNull()
    expect(serverDelay(failed(new Error('no')), 0)).toBeNull()
    expect(serverDelay(ended(1006), 0)).toBeNull()
    expect(serverDelay(ended(1001), 0)).toBeNull()
    expect(serverDelay(ended(1011), 0.5)).toBeNull()
  })

  it('reads the drain hint of 1001, 1012 and 1013 from the server', () => {
    expect(serverDelay(ended(1001, 'reconnect in 12.3 s'), 0)).toEqual({
      ms: 12_300,
      isSpread: true,
    })
    expect(serverDelay(ended(1012, 'reconnect in 2 s'), 0)).toEqual({ ms: 2_000, isSpread: true })
    expect(serverDelay(ended(1013, 'reconnect in 2 s'), 0)).toEqual({ ms: 2_000, isSpread: true })
    expect(serverDelay(ended(1011, 'reconnect in 2 s'), 0)).toBeNull()
    expect(serverDelay(ended(1001, 'reconnect in 2 s', 'local'), 0)).toBeNull()
  })

  it('waits 5 to 30 seconds after 1012 and 1013 without a hint', () => {
    for (const code of [1012, 1013]) {
      expect(serverDelay(ended(code), 0)).toEqual({ ms: 5_000, isSpread: true })
      expect(serverDelay(ended(code), 0.5)).toEqual({ ms: 17_500, isSpread: true })
      expect(serverDelay(ended(code, 'busy'), 0.999)?.ms).toBeCloseTo(29_975)
    }
  })
})
