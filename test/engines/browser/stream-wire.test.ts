import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import type { PlatformStream } from '../../../src/engines/browser/platform.ts'
import { StreamWire } from '../../../src/engines/browser/stream-wire.ts'
import { CloseReason, Frame, type WebSocketServerSession, WebSockets } from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import { browserPlatform } from '../../support/browser-platform.ts'
import { Recorded } from './recorded.ts'

const KIB = 1024

function streamOf(t: TestApplication): PlatformStream {
  const { WebSocketStream } = browserPlatform(t, { hasStream: true })
  if (WebSocketStream === undefined) throw new Error('the platform has none')
  return new WebSocketStream('/', { protocols: [] })
}

/** A wire to a handler. */
function within(
  handler: (session: WebSocketServerSession) => Promise<void> | void,
  test: (t: TestApplication, wire: StreamWire, recorded: Recorded) => Promise<void> | void,
  wantsMore: boolean = true,
): Promise<void> {
  return withTestApplication(async (t) => {
    t.application.install(WebSockets)
    t.application.routing((route) => route.webSocket('/', handler))
    const wire = new StreamWire(streamOf(t), 64 * KIB)
    const recorded = new Recorded()
    recorded.wantsMore = wantsMore
    wire.start(recorded)
    await t.settle()
    await test(t, wire, recorded)
  })
}

describe('StreamWire', () => {
  it('tells what comes, strings and bytes, and the end behind it', () =>
    within(
      async ({ send, close }) => {
        await send('a')
        await send(Uint8Array.of(1, 2))
        await close(new CloseReason(4000, 'done'))
      },
      async (_, wire, recorded) => {
        await recorded.over.promise
        expect(recorded.told).toEqual(['opened ', 'text a', 'bytes 1 2', 'ended'])
        expect(recorded.end).toEqual({ code: 4000, reason: 'done', clean: true, isCut: false })
        expect(wire.isEnding).toBe(true)
        expect([wire.url, wire.canSuspend]).toEqual(['ws://localhost/', true])
      },
    ))

  it('takes the bytes of a browser that gives bytes', async () => {
    const recorded = new Recorded()
    const readable = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Uint8Array.of(1, 2))
        controller.close()
      },
    })
    const wire = new StreamWire(
      {
        url: 'ws://localhost/',
        opened: Promise.resolve({ readable, writable: new WritableStream(), protocol: 'v1' }),
        closed: Promise.resolve({ closeCode: 1005, reason: '' }),
        close: () => {},
      },
      1,
    )
    wire.start(recorded)
    await recorded.over.promise

    expect(recorded.told).toEqual(['opened v1', 'bytes 1 2', 'ended'])
  })

  it('takes one message at a time while no more are wanted', () =>
    within(
      async ({ send, incoming }) => {
        for (const n of [1, 2, 3]) await send(`${n}`)
        await incoming.receiveCatching()
      },
      async (t, wire, recorded) => {
        expect(recorded.told).toEqual(['opened ', 'text 1'])
        wire.resume()
        await t.settle()
        expect(recorded.told).toEqual(['opened ', 'text 1', 'text 2'])
        recorded.wantsMore = true
        wire.resume()
        wire.resume()
        await t.settle()

        expect(recorded.told.at(-1)).toBe('text 3')
        wire.close(1000, '')
      },
      false,
    ))

  it('an end that comes while no more are wanted says that some may be missing', () =>
    within(
      async ({ send, close }) => {
        for (const n of [1, 2, 3]) await send(`${n}`)
        await close()
      },
      async (_, __, recorded) => {
        await recorded.over.promise
        expect(recorded.told).toEqual(['opened ', 'text 1', 'ended'])
        expect(recorded.end).toEqual({ code: 1000, reason: '', clean: true, isCut: true })
      },
      false,
    ))

  it('counts what is on its way, has no room past its bound, and tells when there is again', async () => {
    const gate = new Deferred<void>()
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const _ of incoming);
      },
      async (t, wire, recorded) => {
        for (let n = 0; n < 200 && wire.mayWrite(); n++) {
          wire.write(new Uint8Array(64 * KIB))
          await t.settle()
        }
        expect(wire.bufferedAmount).toBe(64 * KIB)
        expect(wire.mayWrite()).toBe(false)
        const before = recorded.told.length
        gate.resolve()
        await t.settle()

        expect(recorded.told.slice(before)).toEqual(['drained'])
        expect([wire.bufferedAmount, wire.mayWrite()]).toEqual([0, true])
        wire.close(1000, '')
      },
    )
  })

  it('close() waits for what was written before it, and only the first counts', async () => {
    const received: string[] = []
    const gate = new Deferred<void>()
    await within(
      async ({ incoming, closed }) => {
        await gate.promise
        for await (const frame of incoming) {
          received.push(frame instanceof Frame.Text ? 'text' : `${frame.buffer.length}`)
        }
        received.push(String((await closed).remote?.code))
      },
      async (t, wire) => {
        for (let n = 0; n < 200 && wire.mayWrite(); n++) {
          wire.write(new Uint8Array(64 * KIB))
          await t.settle()
        }
        wire.write('last')
        wire.close(3000, '')
        wire.close(3001, '')
        await t.settle()
        gate.resolve()
        await t.settle()

        expect(received.slice(-3)).toEqual(['65536', 'text', '3000'])
      },
    )
  })

  it('a connection that breaks is 1006, and writes that fail are nobody’s', () =>
    within(
      async ({ incoming }) => {
        for await (const _ of incoming);
      },
      async (t, wire, recorded) => {
        t.network.reset()
        wire.write('lost')

        expect(await recorded.over.promise).toMatchObject({ code: 1006, reason: '', clean: false })
      },
    ))

  it('close() before there is a connection gives up', () =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.intercept(() => new Promise<undefined>(() => {}))
        route.webSocket('/', () => {})
      })
      const wire = new StreamWire(streamOf(t), 1)
      const recorded = new Recorded()
      wire.start(recorded)
      await t.settle()
      wire.close(1000, '')
      await recorded.over.promise

      expect(recorded.told).toEqual(['ended'])
      expect(recorded.end).toMatchObject({ code: 1006, clean: false })
    }))
})
