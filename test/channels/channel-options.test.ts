import { describe, expect, it } from 'vitest'
import { readChannelOptions } from '../../src/channels/channel-options.ts'
import type { ChannelOptions } from '../../src/channels/channel-settings.ts'

const sizeOf = (value: string): number => value.length

describe('readChannelOptions()', () => {
  it('readChannelOptions() keeps what it is given', () => {
    const onDropped = (): void => undefined
    const settings = readChannelOptions({
      capacity: 0,
      maxBytes: 1024,
      sizeOf,
      onOverflow: 'drop-latest',
      onDropped,
    })

    expect(settings.sizeOf?.('four')).toBe(4)
    expect(settings).toMatchObject({
      capacity: 0,
      maxBytes: 1024,
      onOverflow: 'drop-latest',
      onDropped,
    })
    expect(readChannelOptions({ capacity: Infinity }).capacity).toBe(Infinity)
  })

  it('readChannelOptions() rejects a size that is none with RangeError, at the value that has it', () => {
    for (const bytes of [NaN, -1, Infinity]) {
      const settings = readChannelOptions<string>({ sizeOf: () => bytes })

      expect(() => settings.sizeOf?.('a')).toThrow(
        new RangeError(
          `Cannot send: sizeOf returned ${bytes}, expected a finite number of 0 or above`,
        ),
      )
    }
  })

  it.each<[unknown, string]>([
    [
      { capacity: -1 },
      'option "capacity" is -1, expected a whole number of 0 or above, or Infinity',
    ],
    [{ capacity: 1.5 }, 'option "capacity" is 1.5, expected a whole number of 0 or above'],
    [{ capacity: NaN }, 'option "capacity" is NaN'],
    [
      { maxBytes: -1, sizeOf },
      'option "maxBytes" is -1, expected a number of 0 or above, or Infinity',
    ],
    [{ maxBytes: NaN, sizeOf }, 'option "maxBytes" is NaN'],
    [{ capacity: 0, onOverflow: 'drop-oldest' }, 'capacity is 0, expected 1 or above'],
  ])('readChannelOptions() rejects %j with RangeError', (options, message) => {
    expectThrow(options, RangeError, message)
  })

  it.each<[unknown, string]>([
    [{ capacity: '64' }, 'option "capacity" is a string, expected a whole number'],
    [{ maxBytes: '1k', sizeOf }, 'option "maxBytes" is a string, expected a number'],
    [
      { maxBytes: 1024 },
      'Cannot limit a channel by maxBytes: sizeOf is missing, expected a function',
    ],
    [{ sizeOf: 4 }, 'Cannot create a channel: option "sizeOf" is 4, expected a function'],
    [{ onDropped: 'log' }, 'option "onDropped" is a string, expected a function'],
    [
      { onOverflow: 'wait' },
      'option "onOverflow" is a string, expected one of "suspend", "close", "drop-oldest", "drop-latest"',
    ],
    [{ size: 4 }, 'Cannot create a channel: unknown option "size", expected "sizeOf"'],
  ])('readChannelOptions() rejects %j with TypeError', (options, message) => {
    expectThrow(options, TypeError, message)
  })
})

function expectThrow(options: unknown, type: new () => Error, message: string): void {
  // What a caller without types can pass.
  const act = (): unknown => readChannelOptions(options as ChannelOptions<string>)

  expect(act).toThrow(type)
  expect(act).toThrow(message)
}
