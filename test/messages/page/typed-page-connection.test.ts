/**
 * Typed messages of a page over a connection that comes back.
 */

import { WebSockets, type WebSocketServerSession } from 'towpath'
import { contractOf, defineContract, typed, type TypedSession } from 'towpath/messages'
import { answers, keptStreams, typedPageConnection } from 'towpath/messages/page'
import { type TestApplication, withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  name: 'c',
  client: {
    echo: { request: z.string(), response: z.string() },
    watch: { request: z.number(), stream: z.number(), response: z.string() },
  },
  server: { said: { event: z.string() }, ask: { request: z.string(), response: z.string() } },
})
type Server = TypedSession<typeof contract.shape, 'server'>

/** Runs `block` with a connection, and what the server has. */
async function withConnection(
  block: (
    t: TestApplication,
    connection: ReturnType<TestApplication['client']['connect']>,
    served: { readonly servers: Server[]; readonly sessions: WebSocketServerSession[] },
  ) => Promise<void>,
): Promise<void> {
  await withTestApplication(async (t) => {
    const served: { servers: Server[]; sessions: WebSocketServerSession[] } = {
      servers: [],
      sessions: [],
    }
    t.application.install(WebSockets)
    t.application.routing((route) => {
      route.webSocket('/', { protocols: contract.protocols }, async (session) => {
        const server = typed(session, contract)
        served.servers.push(server)
        served.sessions.push(session)
        await server.serve({
          echo: (text) => text,
          async *watch(from) {
            for (let n = from; n < 5; n++) {
              yield n
              if (n === 2 && served.sessions.length === 1) session.terminate()
              await Promise.resolve()
            }
            return 'end'
          },
        })
      })
    })
    const connection = t.client.connect('ws://localhost/', {
      protocols: contract.protocols,
      reconnect: { baseDelay: { seconds: 1 }, jitter: 0 },
    })
    await block(t, connection, served)
  })
}

describe('typedPageConnection()', () => {
  it('asks on each session, and receives the events of each', () =>
    withConnection(async (t, connection, { servers, sessions }) => {
      const { request, incoming } = typedPageConnection(
        connection,
        contractOf<typeof contract>('c+json'),
      )
      expect(await request('echo', 'a')).toBe('a')
      await servers[0]?.send('said', 'first')
      expect(await incoming.receive()).toMatchObject({ data: 'first' })

      sessions[0]?.terminate()
      await t.settle()
      const again = request('echo', 'b')
      await t.clock.advance(2000)

      expect(await again).toBe('b')
      await servers[1]?.send('said', 'second')
      expect(await incoming.receive()).toMatchObject({ data: 'second' })
    }))

  it('M-30 keeps a stream over sessions with keptStreams, and serves with answers', () =>
    withConnection(async (t, connection, { servers }) => {
      const { keep, serve } = typedPageConnection(
        connection,
        contractOf<typeof contract>('c+json'),
        {
          features: [answers, keptStreams],
        },
      )
      void serve({ said: () => {}, ask: (text) => `${text} me` })
      const kept = keep('watch', (last) => (last === null ? 0 : last + 1))
      const items: number[] = []
      const reading = (async () => {
        for await (const item of kept) items.push(item)
        return kept.result
      })()
      await t.settle()
      await t.clock.advance(2000)

      expect(await reading).toBe('end')
      expect(items).toEqual([0, 1, 2, 3, 4])
      expect(await servers[1]?.request('ask', 'who?')).toBe('who? me')
    }))

  it('has neither keep nor serve without their features', () =>
    withConnection(async (_, connection) => {
      const page = typedPageConnection(connection, contractOf<typeof contract>('c+json'))

      expect(['keep' in page, 'serve' in page]).toEqual([false, false])
      await connection.close()
    }))
})
