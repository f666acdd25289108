import { describe, expect, it } from 'vitest'

import {
  type ReconnectingOptions,
  RECONNECTING_OPTIONS,
  readReconnecting,
} from '../../../src/client/reconnecting/reconnect-options.ts'
import { clientSession } from '../../support/client-session.ts'

describe('readReconnecting()', () => {
  it('has defaults for everything', () => {
    const { reconnect, opened, ...rest } = readReconnecting({})
    const { shouldReconnect, ...times } = reconnect

    expect(times).toEqual({
      baseDelay: 1_000,
      maxDelay: 30_000,
      factor: 2,
      jitter: 1,
      maxAttempts: Infinity,
      maxElapsed: null,
      resetAfter: 10_000,
      maxServerDelay: 300_000,
    })
    expect(rest).toEqual({
      whileAway: 'reject',
      attemptTimeout: 30_000,
      heartbeat: null,
      signal: null,
    })
    expect(shouldReconnect({ info: null, error: null }, 1)).toBeUndefined()
    const facts = { attempt: 1, isReconnect: false, signal: new AbortController().signal }
    expect(opened(clientSession().session, facts)).toBeUndefined()
  })

  it('takes durations and bounds', () => {
    const { signal } = new AbortController()
    const settings = readReconnecting({
      reconnect: {
        baseDelay: { milliseconds: 50 },
        maxDelay: { minutes: 1 },
        factor: 1,
        jitter: 0,
        maxAttempts: 3,
        maxElapsed: { hours: 1 },
        resetAfter: { seconds: 1 },
        maxServerDelay: { minutes: 10 },
      },
      whileAway: { keep: { frames: 2 } },
      attemptTimeout: null,
      heartbeat: { period: 1_000 },
      signal,
    })

    expect(settings).toMatchObject({
      reconnect: {
        baseDelay: 50,
        maxDelay: 60_000,
        factor: 1,
        jitter: 0,
        maxAttempts: 3,
        maxElapsed: 3_600_000,
        resetAfter: 1_000,
        maxServerDelay: 600_000,
      },
      whileAway: { keep: { frames: 2, bytes: 1_048_576 } },
      attemptTimeout: null,
      heartbeat: { period: 1_000, timeout: 10_000 },
      signal,
    })
    expect(readReconnecting({ whileAway: 'drop' }).whileAway).toBe('drop')
  })

  it.each<[unknown, string]>([
    [{ reconnect: null }, 'Cannot connect: option "reconnect" is null, expected an object'],
    [{ reconnect: { maxdelay: 1 } }, 'unknown option "reconnect.maxdelay", expected'],
    [{ reconnect: { baseDelay: 0 } }, 'option "reconnect.baseDelay" is 0'],
    [{ reconnect: { maxDelay: -1 } }, 'option "reconnect.maxDelay" is -1'],
    [{ reconnect: { factor: 0.5 } }, '"reconnect.factor" is 0.5, expected a number of 1 or above'],
    [{ reconnect: { factor: '2' } }, '"reconnect.factor" is a string'],
    [{ reconnect: { factor: Infinity } }, '"reconnect.factor" is Infinity'],
    [{ reconnect: { jitter: 1.1 } }, '"reconnect.jitter" is 1.1, expected a number of 0 to 1'],
    [{ reconnect: { jitter: NaN } }, '"reconnect.jitter" is NaN'],
    [{ reconnect: { maxAttempts: 0 } }, '"reconnect.maxAttempts" is 0, expected a whole number'],
    [{ reconnect: { shouldReconnect: true } }, 'option "reconnect.shouldReconnect" is a boolean'],
    [{ reconnect: { shouldReconnect: asksSomebody } }, 'shouldReconnect" is async, expected'],
    [{ whileAway: 'keep' }, 'option "whileAway" is a string'],
    [{ whileAway: {} }, 'option "whileAway.keep" is undefined'],
    [{ whileAway: { keep: { frame: 1 } } }, 'unknown option "whileAway.keep.frame"'],
    [{ whileAway: { keep: { frames: 0 } } }, '"whileAway.keep.frames" is 0'],
    [{ whileAway: { keep: { bytes: 1.5 } } }, '"whileAway.keep.bytes" is 1.5'],
    [
      { heartbeat: { periode: 1 } },
      'unknown option "heartbeat.periode", expected "heartbeat.period"',
    ],
    [{ heartbeat: { period: 0 } }, 'option "heartbeat.period" is 0, expected a duration above 0'],
    [{ heartbeat: true }, 'option "heartbeat" is a boolean, expected an object'],
    [{ opened: 'now' }, 'option "opened" is a string, expected a function'],
    [{ attemptTimeout: 0 }, 'option "attemptTimeout" is 0'],
    [{ signal: {} }, 'option "signal" is an object, expected an AbortSignal'],
  ])('refuses %j', (options, message) => {
    expect(() => readReconnecting(options as ReconnectingOptions)).toThrow(message)
  })
})

async function asksSomebody(): Promise<boolean> {
  return (await Promise.resolve(1)) > 1
}

describe('RECONNECTING_OPTIONS', () => {
  it('are the names that are read', () => {
    expect([...RECONNECTING_OPTIONS.names].sort()).toEqual(Object.keys(readReconnecting({})).sort())
  })
})
