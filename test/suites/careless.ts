/**
 * Careless handlers on every engine: loops that never wait, and promises that are not awaited.
 */

import { afterEach, describe, expect, it } from 'vitest'
import { WebSockets, type WebSocketServerSession } from '../../src/index.ts'
import type { Host, Served } from '../support/hosts.ts'

type Handler = (session: WebSocketServerSession) => Promise<void> | void

/** Told by the test that it has seen enough. */
interface Stop {
  isAsked: boolean
}

type Loop = (session: WebSocketServerSession, stop: Stop) => Promise<void>

/** Loops that end when their session does. */
const ENDING: readonly [name: string, loop: Loop][] = [
  [
    'send()',
    async ({ send }) => {
      for (;;) await send('x')
    },
  ],
  [
    'outgoing.send()',
    async ({ outgoing }) => {
      for (;;) await outgoing.send(Uint8Array.of(1))
    },
  ],
  [
    'trySend(), and send() where that answers full',
    async ({ outgoing }) => {
      for (;;) if (outgoing.trySend('x') !== 'sent') await outgoing.send('x')
    },
  ],
  [
    'flush() behind sends that nobody awaits',
    async ({ send, flush, signal }) => {
      while (!signal.aborted) {
        void send('x')
        await flush()
      }
    },
  ],
]

/** Loops that go on after the end, because they look at no error. */
const ENDLESS: readonly [name: string, loop: Loop][] = [
  [
    'send() whose errors it ignores',
    async ({ send }, stop) => {
      while (!stop.isAsked) await send('x').catch(() => {})
    },
  ],
  [
    'receive() whose errors it ignores',
    async ({ incoming }, stop) => {
      while (!stop.isAsked) await incoming.receive().catch(() => {})
    },
  ],
  [
    'receiveCatching() whose result it ignores',
    async ({ incoming }, stop) => {
      while (!stop.isAsked) await incoming.map((frame) => frame).receiveCatching()
    },
  ],
]

/** Runs the cases on one engine. */
export function careless(createHost: () => Host): void {
  const host = createHost()
  let served: Served | null = null

  afterEach(async () => {
    await served?.stop()
    served = null
  })

  /** Serves `handler` as `/`, with `/raw` for raw sessions, and an echo beside it. */
  async function serve(handler: Handler): Promise<Served> {
    served = await host.serve((app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', handler)
        route.webSocketRaw('/raw', handler)
        route.webSocket('/echo', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
    })
    return served
  }

  /** Runs `loop` in a session that is reset, and echoes in another session meanwhile. */
  async function echoBeside(loop: Loop, path: string, isReset: boolean): Promise<void> {
    const stop: Stop = { isAsked: false }
    let ended: () => void = () => {}
    const end = new Promise<void>((resolve) => (ended = resolve))
    const server = await serve((session) => loop(session, stop).finally(ended))
    const talker = await server.connect('/echo')
    const peer = await server.connect(path)
    if (isReset) peer.reset()

    for (const letter of 'abc') {
      talker.text(letter)
      expect(await talker.read(3)).toBe(`81 01 ${letter.charCodeAt(0).toString(16)}`)
    }
    stop.isAsked = isReset
    if (!isReset) peer.reset()

    await end
  }

  describe(`a careless handler, on ${host.name}`, () => {
    it.each(ENDING)(
      'a loop of %s lets other sessions go on, and sees the end of its own',
      (_, loop) => echoBeside(loop, '/', false),
    )

    it.each(ENDING)('a loop of %s in a raw session does, too', (_, loop) =>
      echoBeside(loop, '/raw', false),
    )

    it.each(ENDLESS)('a loop of %s after the end lets other sessions go on', (_, loop) =>
      echoBeside(loop, '/', true),
    )

    it.each(['/', '/raw'])(
      'what a handler of %s has sent without awaiting it goes out before the end',
      async (path) => {
        const server = await serve(({ send }) => {
          for (let sent = 0; sent < 5000; sent++) void send('x'.repeat(300))
        })
        const peer = await server.connect(path)
        if (path === '/') peer.close(1000)

        const bytes = Math.ceil((await peer.rest()).length / 3)
        peer.end()

        expect(bytes).toBe(5000 * 304 + (path === '/' ? 4 : 0))
      },
    )

    it('calls that nobody awaits end no process when the peer leaves', async () => {
      const failures: unknown[] = []
      const note = (error: unknown): void => void failures.push(error)
      process.on('unhandledRejection', note)
      let over: () => void = () => {}
      const end = new Promise<void>((resolve) => (over = resolve))
      const server = await serve(async ({ send, outgoing, incoming, flush, signal, closed }) => {
        const forget = (): void => {
          void send('a')
          void outgoing.send('b', { signal })
          void incoming.receive()
          void incoming.receive({ signal })
          void incoming.map((frame) => frame).receive()
          void incoming[Symbol.asyncIterator]().next()
          void flush()
        }
        for (let round = 0; round < 100; round++) forget()
        void incoming.consumeEach(() => {})
        void incoming.first()
        void incoming.toArray()
        await closed
        forget()
        over()
      })
      const peer = await server.connect('/')
      peer.reset()
      await end
      await server.settle()
      process.off('unhandledRejection', note)

      expect(failures).toEqual([])
    })
  })
}
