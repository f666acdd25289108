import { readDuration } from '../../src/base/options/option-check.ts'
import {
  applySessionOptions,
  DEFAULT_SETTINGS,
  SESSION_OPTIONS,
} from '../../src/session/session-options.ts'
import { describe, expect, it } from 'vitest'

import { latestBy } from '../../src/session/index.ts'

const ACT = 'install WebSockets'

/** Options as JavaScript may give them. */
function apply(options: object) {
  return applySessionOptions(ACT, DEFAULT_SETTINGS, options)
}

describe('applySessionOptions()', () => {
  it('changes nothing without options', () => {
    expect(apply({})).toEqual(DEFAULT_SETTINGS)
  })

  it('reads every option', () => {
    const settings = apply({
      pingPeriod: { seconds: 60 },
      timeout: 20_000,
      maxFrameSize: 65_536,
      maxMessageSize: 2_000,
      maxFragments: 10,
      masking: true,
      closeTimeout: { seconds: 3 },
      channels: {
        incoming: { capacity: 8, maxBytes: 1_000, onOverflow: 'close' },
        outgoing: { onOverflow: 'drop-oldest' },
      },
      readAhead: 0,
      maxMessagesPerSecond: 100,
      maxBytesPerSecond: 100_000,
      maxControlFramesPerSecond: Infinity,
      rateBurst: { seconds: 2 },
      onRateLimit: 'close',
      writeTimeout: null,
      idleTimeout: { minutes: 5 },
      maxSessionDuration: { hours: 1 },
      answerHeartbeats: false,
    })

    expect(settings).toEqual({
      pingInterval: 60_000,
      timeout: 20_000,
      maxFrameSize: 65_536,
      maxMessageSize: 2_000,
      maxFragments: 10,
      masking: true,
      closeTimeout: 3_000,
      incoming: { capacity: 8, maxBytes: 1_000, onOverflow: 'close' },
      outgoing: { capacity: 64, maxBytes: 1_048_576, onOverflow: 'drop-oldest' },
      readAhead: 0,
      maxMessagesPerSecond: 100,
      maxBytesPerSecond: 100_000,
      maxControlFramesPerSecond: Infinity,
      rateBurst: 2_000,
      onRateLimit: 'close',
      writeTimeout: null,
      idleTimeout: 300_000,
      maxSessionDuration: 3_600_000,
      answerHeartbeats: false,
    })
    expect(SESSION_OPTIONS.names).toHaveLength(18)
  })

  it('turns pings off with null', () => {
    const outer = apply({ pingPeriod: { milliseconds: 5 } })

    expect(outer.pingInterval).toBe(5)
    expect(applySessionOptions(ACT, outer, { pingPeriod: null }).pingInterval).toBe(null)
    expect(applySessionOptions(ACT, outer, {}).pingInterval).toBe(5)
  })

  it('takes latestBy() for outgoing, and not for incoming', () => {
    const onOverflow = latestBy(() => null)

    expect(apply({ channels: { outgoing: { onOverflow } } }).outgoing.onOverflow).toBe(onOverflow)
    expect(() => apply({ channels: { incoming: { onOverflow } } })).toThrow(
      'option "channels.incoming.onOverflow" is an object, expected one of "suspend", "close", "drop-oldest", "drop-latest"',
    )
  })

  it.each([
    [{ pingPeriod: 0 }, RangeError, 'option "pingPeriod" is 0, expected a duration above 0'],
    [{ pingPeriod: -5 }, RangeError, 'option "pingPeriod" is -5'],
    [{ pingPeriod: '60s' }, TypeError, 'option "pingPeriod" is a string'],
    [{ timeout: null }, TypeError, 'option "timeout" is null'],
    [{ timeout: Infinity }, RangeError, 'option "timeout" is Infinity'],
    [{ closeTimeout: 0 }, RangeError, 'option "closeTimeout" is 0'],
    [
      { maxFrameSize: 0 },
      RangeError,
      'option "maxFrameSize" is 0, expected a whole number of 1 or above, or Infinity',
    ],
    [{ maxMessageSize: 1.5 }, RangeError, 'option "maxMessageSize" is 1.5'],
    [{ maxFragments: '1' }, TypeError, 'option "maxFragments" is a string'],
    [{ masking: 'no' }, TypeError, 'option "masking" is a string, expected true or false'],
    [
      { readAhead: -1 },
      RangeError,
      'option "readAhead" is -1, expected a whole number of 0 or above',
    ],
    [{ maxMessagesPerSecond: 0 }, RangeError, 'option "maxMessagesPerSecond" is 0'],
    [{ maxBytesPerSecond: '1k' }, TypeError, 'option "maxBytesPerSecond" is a string'],
    [{ maxControlFramesPerSecond: 0.5 }, RangeError, 'option "maxControlFramesPerSecond" is 0.5'],
    [{ rateBurst: 0 }, RangeError, 'option "rateBurst" is 0, expected a duration above 0'],
    [
      { onRateLimit: 'drop' },
      TypeError,
      'option "onRateLimit" is a string, expected "wait" or "close"',
    ],
    [{ writeTimeout: 0 }, RangeError, 'option "writeTimeout" is 0, expected a duration above 0'],
    [{ idleTimeout: 0 }, RangeError, 'option "idleTimeout" is 0'],
    [{ answerHeartbeats: 1 }, TypeError, 'option "answerHeartbeats" is 1, expected true or false'],
    [{ maxSessionDuration: -1 }, RangeError, 'option "maxSessionDuration" is -1'],
    [{ channels: 64 }, TypeError, 'option "channels" is 64, expected an object'],
    [{ channels: { in: {} } }, TypeError, 'unknown option "channels.in"'],
    [
      { channels: { incoming: 64 } },
      TypeError,
      'option "channels.incoming" is 64, expected an object',
    ],
    [
      { channels: { outgoing: { capacity: Infinity } } },
      RangeError,
      'option "channels.outgoing.capacity" is Infinity, expected a whole number of 1 or above',
    ],
    [
      { channels: { outgoing: { maxByte: 1 } } },
      TypeError,
      'unknown option "channels.outgoing.maxByte", expected "channels.outgoing.maxBytes"',
    ],
    [
      { channels: { incoming: { onOverflow: 'drop' } } },
      TypeError,
      'option "channels.incoming.onOverflow" is a string, expected one of "suspend", "close", "drop-oldest", "drop-latest"',
    ],
  ])('refuses %j, naming what would be right', (options, error, message) => {
    expect(() => apply(options)).toThrow(error)
    expect(() => apply(options)).toThrow(message)
  })
})

describe('readDuration()', () => {
  it('answers milliseconds, or the fallback without a value', () => {
    expect(readDuration(ACT, 'timeout', { minutes: 1 }, 5)).toBe(60_000)
    expect(readDuration(ACT, 'timeout', undefined, 5)).toBe(5)
  })
})
