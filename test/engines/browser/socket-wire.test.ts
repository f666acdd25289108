import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { SocketWire } from '../../../src/engines/browser/socket-wire.ts'
import { CloseReason, type WebSocketServerSession, WebSockets } from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import { browserPlatform } from '../../support/browser-platform.ts'
import { Recorded } from './recorded.ts'

const KIB = 1024

/** A wire to a handler. */
function within(
  handler: (session: WebSocketServerSession) => Promise<void> | void,
  test: (t: TestApplication, wire: SocketWire, recorded: Recorded) => Promise<void> | void,
): Promise<void> {
  return withTestApplication(async (t) => {
    t.application.install(WebSockets)
    t.application.routing((route) => route.webSocket('/', handler))
    const { WebSocket } = browserPlatform(t, { hasStream: false })
    const wire = new SocketWire(new WebSocket('/', []), t.clock, 64 * KIB)
    const recorded = new Recorded()
    wire.start(recorded)
    await t.settle()
    await test(t, wire, recorded)
  })
}

describe('SocketWire', () => {
  it('tells what comes, strings and bytes, and the end behind it', () =>
    within(
      async ({ send, close }) => {
        await send('a')
        await send(Uint8Array.of(1, 2))
        await close(new CloseReason(4000, 'done'))
      },
      (_, wire, recorded) => {
        expect(recorded.told).toEqual(['opened ', 'text a', 'bytes 1 2', 'ended'])
        expect(recorded.end).toEqual({ code: 4000, reason: 'done', clean: true, isCut: false })
        expect(wire.isEnding).toBe(true)
        expect(wire.mayWrite()).toBe(false)
      },
    ))

  it('knows its URL, and that it cannot make a server wait', () =>
    within(
      () => {},
      (_, wire) => {
        expect(wire.url).toBe('ws://localhost/')
        expect(wire.canSuspend).toBe(false)
        wire.resume()
      },
    ))

  it('looks every 10 ms whether the browser has room again, while somebody waits', async () => {
    const gate = new Deferred<void>()
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const _ of incoming);
      },
      async (t, wire, recorded) => {
        for (let n = 0; n < 100 && wire.mayWrite(); n++) {
          wire.write(new Uint8Array(64 * KIB))
          await t.settle()
        }
        expect(wire.bufferedAmount).toBeGreaterThanOrEqual(64 * KIB)
        await t.clock.advance(10)
        expect(recorded.told).toEqual(['opened ', 'drained'])
        await t.clock.advance(100)
        expect(recorded.told).toEqual(['opened ', 'drained'])

        expect(wire.mayWrite()).toBe(false)
        gate.resolve()
        await t.clock.advance(10)
        expect(recorded.told).toEqual(['opened ', 'drained', 'drained'])
        expect(wire.mayWrite()).toBe(true)
        wire.close(1000, '')
      },
    )
  })

  it('looks at once when something comes, and waits for nothing after the end', async () => {
    const [gate, end] = [new Deferred<void>(), new Deferred<void>()]
    await within(
      async ({ send, terminate }) => {
        await gate.promise
        await send('news')
        await end.promise
        terminate()
      },
      async (t, wire, recorded) => {
        for (let n = 0; n < 100 && wire.mayWrite(); n++) {
          wire.write(new Uint8Array(64 * KIB))
          await t.settle()
        }
        gate.resolve()
        await t.settle()
        expect(recorded.told).toEqual(['opened ', 'text news', 'drained'])
        expect(wire.mayWrite()).toBe(false)
        end.resolve()
        await t.settle()

        expect(recorded.told.slice(3)).toEqual(['ended'])
        expect(recorded.end).toMatchObject({ code: 1006, clean: false })
        expect(wire.mayWrite()).toBe(false)
        await t.clock.advance(100)
        expect(recorded.told.at(-1)).toBe('ended')
      },
    )
  })

  it('close() before there is a connection gives up', () =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.intercept(() => new Promise<undefined>(() => {}))
        route.webSocket('/', () => {})
      })
      const { WebSocket } = browserPlatform(t, { hasStream: false })
      const wire = new SocketWire(new WebSocket('/', []), t.clock, 1)
      const recorded = new Recorded()
      wire.start(recorded)
      await t.settle()
      wire.close(1000, '')
      await t.settle()

      expect(recorded.told).toEqual(['ended'])
      expect(recorded.end).toMatchObject({ code: 1006, clean: false })
    }))
})
