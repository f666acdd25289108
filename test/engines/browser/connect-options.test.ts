import { describe, expect, it } from 'vitest'

import {
  type ReconnectingOptions,
  readReconnecting,
} from '../../../src/client/reconnecting/reconnect-options.ts'
import { readConnectOptions } from '../../../src/engines/browser/connect-options.ts'

/** All that can be compared: functions that do nothing are not the same ones. */
function comparable({ reconnect, opened, ...rest }: ReturnType<typeof readReconnecting>) {
  const { shouldReconnect, ...times } = reconnect
  return { ...rest, times, functions: [typeof opened, typeof shouldReconnect] }
}

describe('readConnectOptions()', () => {
  const opened = (): void => {}
  const { signal } = new AbortController()

  it.each<[string, ReconnectingOptions]>([
    ['nothing', {}],
    [
      'everything',
      {
        reconnect: {
          baseDelay: { seconds: 2 },
          maxDelay: 5_000,
          factor: 1.5,
          jitter: 0,
          maxAttempts: 7,
          maxElapsed: { minutes: 1 },
          resetAfter: 1,
          maxServerDelay: { hours: 1 },
          shouldReconnect: () => true,
        },
        whileAway: { keep: { frames: 3, bytes: 4 } },
        opened,
        attemptTimeout: null,
        heartbeat: { period: { seconds: 1 }, timeout: { milliseconds: 5 } },
        signal,
      },
    ],
    ['parts', { whileAway: { keep: {} }, heartbeat: {}, reconnect: { maxElapsed: null } }],
    ['words', { whileAway: 'drop', attemptTimeout: { seconds: 1 }, heartbeat: null }],
  ])('reads %s as other platforms do', (_, options) => {
    expect(comparable(readConnectOptions(options))).toEqual(comparable(readReconnecting(options)))
  })

  it('has functions that decide nothing and do nothing', () => {
    const settings = readConnectOptions({})

    expect(settings.reconnect.shouldReconnect({ info: null, error: null }, 1)).toBeUndefined()
    expect(readConnectOptions({ opened }).opened).toBe(opened)
  })

  it.each<[unknown, string]>([
    [{ reconnect: { basedelay: 1 } }, 'basedelay'],
    [{ reconnect: { baseDelay: 0 } }, 'baseDelay'],
    [{ reconnect: { maxDelay: -1 } }, 'maxDelay'],
    [{ reconnect: { factor: 0.9 } }, 'factor'],
    [{ reconnect: { factor: Infinity } }, 'factor'],
    [{ reconnect: { jitter: 2 } }, 'jitter'],
    [{ reconnect: { jitter: NaN } }, 'jitter'],
    [{ reconnect: { maxAttempts: 0 } }, 'maxAttempts'],
    [{ reconnect: { maxElapsed: 0 } }, 'maxElapsed'],
    [{ reconnect: { resetAfter: Infinity } }, 'resetAfter'],
    [{ reconnect: { maxServerDelay: NaN } }, 'maxServerDelay'],
    [{ whileAway: 'keep' }, 'whileAway'],
    [{ whileAway: { keep: { frame: 1 } } }, 'frame'],
    [{ whileAway: { keep: { frames: 1.5 } } }, 'frames'],
    [{ whileAway: { keep: { bytes: -1 } } }, 'bytes'],
    [{ opened: 7 }, 'opened'],
    [{ attemptTimeout: 0 }, 'attemptTimeout'],
    [{ heartbeat: { periode: 1 } }, 'periode'],
    [{ heartbeat: { timeout: 0 } }, 'timeout'],
  ])('refuses %j', (options, name) => {
    expect(() => readConnectOptions(options as ReconnectingOptions)).toThrow(
      `option "${name}" is unknown or has a wrong value`,
    )
  })
})
