import { describe, expect, it } from 'vitest'

import {
  type ReconnectingOptions,
  RECONNECTING_OPTIONS,
  readReconnecting,
} from '../../../src/client/reconnecting/reconnect-options.ts'
import { terseReader } from '../../../src/engines/browser/terse-reader.ts'

/** All that can be compared: functions that do nothing are not the same ones. */
function comparable({ reconnect, opened, ...rest }: ReturnType<typeof readReconnecting>) {
  const { shouldReconnect, ...times } = reconnect
  return { ...rest, times, functions: [typeof opened, typeof shouldReconnect] }
}

/** Reads options as a page does. */
function readConnectOptions(options: ReconnectingOptions) {
  return RECONNECTING_OPTIONS.lay(terseReader, options, RECONNECTING_OPTIONS.defaults)
}

async function asksSomebody(): Promise<boolean> {
  return await Promise.resolve(true)
}

describe('terseReader', () => {
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
    [{ reconnect: { basedelay: 1 } }, 'reconnect.basedelay'],
    [{ reconnect: { baseDelay: 0 } }, 'reconnect.baseDelay'],
    [{ reconnect: { maxDelay: -1 } }, 'reconnect.maxDelay'],
    [{ reconnect: { factor: 0.9 } }, 'reconnect.factor'],
    [{ reconnect: { factor: Infinity } }, 'reconnect.factor'],
    [{ reconnect: { jitter: 2 } }, 'reconnect.jitter'],
    [{ reconnect: { jitter: NaN } }, 'reconnect.jitter'],
    [{ reconnect: { maxAttempts: 0 } }, 'reconnect.maxAttempts'],
    [{ reconnect: { maxElapsed: 0 } }, 'reconnect.maxElapsed'],
    [{ reconnect: { resetAfter: Infinity } }, 'reconnect.resetAfter'],
    [{ reconnect: { maxServerDelay: NaN } }, 'reconnect.maxServerDelay'],
    [{ whileAway: 'keep' }, 'whileAway'],
    [{ whileAway: { keep: { frame: 1 } } }, 'whileAway.keep.frame'],
    [{ whileAway: { keep: { frames: 1.5 } } }, 'whileAway.keep.frames'],
    [{ whileAway: { keep: { bytes: -1 } } }, 'whileAway.keep.bytes'],
    [{ opened: 7 }, 'opened'],
    [{ signal: {} }, 'signal'],
    [{ reconnect: { shouldReconnect: asksSomebody } }, 'reconnect.shouldReconnect'],
    [{ attemptTimeout: 30 }, 'attemptTimeout'],
    [{ attemptTimeout: 0 }, 'attemptTimeout'],
    [{ heartbeat: { periode: 1 } }, 'heartbeat.periode'],
    [{ heartbeat: { timeout: 0 } }, 'heartbeat.timeout'],
  ])('refuses %j', (options, name) => {
    expect(() => readConnectOptions(options as ReconnectingOptions)).toThrow(
      `option "${name}" is unknown or invalid`,
    )
  })
})
