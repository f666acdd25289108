import { afterEach, describe, expect, it, vi } from 'vitest'
import { browserClock } from '../../../src/engines/browser/browser-clock.ts'
import { thisPlatform } from '../../../src/engines/browser/platform.ts'

describe('thisPlatform()', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('thisPlatform() is what the globals are at the call', () => {
    class WebSocket {}
    class WebSocketStream {}
    vi.stubGlobal('WebSocket', WebSocket)
    vi.stubGlobal('WebSocketStream', undefined)
    expect(thisPlatform()).toEqual({
      clock: browserClock,
      page: globalThis,
      WebSocket,
      WebSocketStream: undefined,
    })

    vi.stubGlobal('WebSocketStream', WebSocketStream)
    expect(thisPlatform().WebSocketStream).toBe(WebSocketStream)
  })
})
