import { describe, expect, it } from 'vitest'
import {
  type BrowserClientOptions,
  readBrowserOptions,
} from '../../../src/engines/browser/browser-options.ts'

describe('readBrowserOptions()', () => {
  it('readBrowserOptions() fills in the defaults', () => {
    const bounds = { capacity: 64, maxBytes: 1024 * 1024, onOverflow: 'suspend' }

    expect(readBrowserOptions({})).toEqual({
      protocols: [],
      connectTimeout: 20_000,
      closeTimeout: 10_000,
      incoming: bounds,
      outgoing: bounds,
      maxUnread: 16 * 1024 * 1024,
      webSocketStream: true,
      signal: null,
    })
  })

  it('readBrowserOptions() keeps what it is given', () => {
    const { signal } = new AbortController()
    const options: BrowserClientOptions = {
      protocols: ['a', 'b'],
      connectTimeout: null,
      closeTimeout: { minutes: 1, seconds: 2 },
      channels: {
        incoming: { capacity: 1, onOverflow: 'drop-oldest' },
        outgoing: { maxBytes: 5, onOverflow: 'close' },
      },
      maxUnread: 7,
      webSocketStream: false,
      signal,
    }

    expect(readBrowserOptions(options)).toEqual({
      protocols: ['a', 'b'],
      connectTimeout: null,
      closeTimeout: 62_000,
      incoming: { capacity: 1, maxBytes: 1024 * 1024, onOverflow: 'drop-oldest' },
      outgoing: { capacity: 64, maxBytes: 5, onOverflow: 'close' },
      maxUnread: 7,
      webSocketStream: false,
      signal,
    })
  })

  it.each<[unknown, string]>([
    [{ closeTimeout: 0 }, 'closeTimeout'],
    [{ closeTimeout: -1 }, 'closeTimeout'],
    [{ connectTimeout: Infinity }, 'connectTimeout'],
    [{ connectTimeout: 0 }, 'connectTimeout'],
    [{ connectTimeout: {} }, 'connectTimeout'],
    [{ maxUnread: 0 }, 'maxUnread'],
    [{ maxUnread: 1.5 }, 'maxUnread'],
    [{ maxUnread: '1k' }, 'maxUnread'],
    [{ channels: { incoming: { capacity: Infinity } } }, 'channels.incoming.capacity'],
    [{ channels: { outgoing: { maxBytes: NaN } } }, 'channels.outgoing.maxBytes'],
  ])('readBrowserOptions() refuses %j with RangeError', (options, name) => {
    expectThrow(options, RangeError, name)
  })

  it.each<[unknown, string]>([
    [{ headers: {} }, 'headers'],
    [{ pingPeriod: 1000 }, 'pingPeriod'],
    [{ channels: { both: {} } }, 'channels.both'],
    [{ channels: { incoming: { size: 1 } } }, 'channels.incoming.size'],
    [{ channels: { outgoing: { onOverflow: 'wait' } } }, 'channels.outgoing.onOverflow'],
  ])('readBrowserOptions() refuses %j with TypeError', (options, name) => {
    expectThrow(options, TypeError, name)
  })
})

function expectThrow(options: unknown, type: new (message: string) => Error, name: string): void {
  // What a caller without types can pass.
  expect(() => readBrowserOptions(options as BrowserClientOptions)).toThrow(
    new type(`Cannot open WebSocket: option "${name}" is unknown or invalid`),
  )
}
