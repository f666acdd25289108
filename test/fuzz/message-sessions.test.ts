/**
 * Clients of typed messages over real sessions, against a server that says anything.
 *
 * Whatever the server says, no promise rejects unseen, nothing is reported as a failure of the
 * application, the session ends with a code that says why, and unread messages stay bounded.
 */

import fc from 'fast-check'
import { CloseReason, WebSockets } from 'towpath'
import { contractOf, defineContract, typed, typedConnection } from 'towpath/messages'
import {
  answers,
  keptStreams,
  streams,
  typedPage,
  typedPageConnection,
  uploads,
} from 'towpath/messages/page'
import { type TestApplication, withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ignore } from '../../src/messages/link/outbox.ts'
import { effort, TIME } from './effort.ts'

const contract = defineContract({
  name: 'c',
  client: {
    echo: { request: z.string(), response: z.string() },
    watch: { request: z.number(), stream: z.number() },
  },
  server: { said: { event: z.string() }, ask: { request: z.string(), response: z.string() } },
})
const page = contractOf<typeof contract>('c+json')
const { protocols } = contract

/** What a handler of the client answers. */
const HANDLERS = { said: ignore, ask: (text: string): string => text }

/** How a client begins: it asks, watches, and serves, over one session of the server. */
const CLIENTS: Readonly<Record<string, (t: TestApplication) => Promise<() => Promise<unknown>>>> = {
  async typed(t) {
    const session = await t.connect('/', { protocols })
    const { request, stream, serve } = typed(session, contract)
    return begin(request('echo', 'a'), stream('watch', 1), serve(HANDLERS), () => session.close())
  },
  async typedPage(t) {
    const session = await t.connect('/', { protocols })
    const features = [answers, streams, uploads]
    const { request, stream, serve } = typedPage(session, page, { features })
    return begin(request('echo', 'a'), stream('watch', 1), serve(HANDLERS), () => session.close())
  },
  async typedConnection(t) {
    const connection = t.client.connect('ws://localhost/', { protocols })
    const { request, keep, serve } = typedConnection(connection, contract)
    const close = (): Promise<unknown> => connection.close()
    const asked = request('echo', 'a')
    await t.settle()
    return begin(
      asked,
      keep('watch', () => 1),
      serve(HANDLERS),
      close,
    )
  },
  async typedPageConnection(t) {
    const connection = t.client.connect('ws://localhost/', { protocols })
    const features = [answers, keptStreams]
    const { request, keep, serve } = typedPageConnection(connection, page, { features })
    const close = (): Promise<unknown> => connection.close()
    const asked = request('echo', 'a')
    await t.settle()
    return begin(
      asked,
      keep('watch', () => 1),
      serve(HANDLERS),
      close,
    )
  },
}

/** Returns a function that leaves and waits for all that was begun. */
function begin(
  asked: Promise<unknown>,
  items: AsyncIterable<unknown>,
  served: Promise<void>,
  close: () => Promise<unknown>,
): () => Promise<unknown> {
  const read = (async () => {
    for await (const _ of items);
  })()
  const all = Promise.allSettled([asked, read, served])
  return async () => {
    await close()
    return all
  }
}

const TYPES = ['.response', '.error', '.item', '.end', '.credit', '.cancel', '.new', 'said', 'ask']
const types = fc.constantFrom(...TYPES, 'watch', 'constructor', '__proto__', '', 1, null)
const ids = fc.constantFrom(undefined, null, 0, 1, 2, 3, 4, -1, 1.5, '1', 2 ** 32, 2 ** 53)
const anything = fc.constantFrom(undefined, null, 'x', 1, [1], { __proto__: null, a: 1 })
const message = fc
  .record({
    type: types,
    id: ids,
    data: anything,
    items: fc.constantFrom(undefined, 0, 1, 2 ** 31, -1, 'x'),
    credit: fc.constantFrom(undefined, 0, 4, -1, 2 ** 32),
    timeout: fc.constantFrom(undefined, 0, 1, -1, 2 ** 53),
    code: fc.constantFrom(undefined, 'FAILED', 'X', 'DISCONNECTED', '__proto__', 1),
    issues: fc.constantFrom(undefined, [null], [{ message: 1, path: [{}] }], 'x'),
  })
  .map((fields) => JSON.stringify(fields))
const frame = fc.oneof(
  { weight: 8, arbitrary: message },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
)
const script = fc.array(frame, { minLength: 1, maxLength: 12 })

/** The server had nothing wrong to say: the client has left, or the server has. */
const NORMAL = 1000

describe('clients of typed messages, against any server', () => {
  it.each(Object.keys(CLIENTS))('%s ends with a code that says why', TIME, async (name) => {
    let frames: Array<string | Uint8Array> = []
    let ended: Promise<CloseReason> = Promise.resolve(new CloseReason(NORMAL))
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols }, async ({ incoming, send, closeReason }) => {
          ended = closeReason
          // After the first question, so that ids mean something.
          await incoming.receiveCatching()
          for (const each of frames.splice(0)) await send(each).catch(ignore)
          await incoming.consumeEach(ignore)
        })
      })
      await fc.assert(
        fc.asyncProperty(script, async (lines) => {
          frames = [...lines]
          const leave = await CLIENTS[name]?.(t)
          await t.settle()
          await t.clock.advance(100)
          const outcomes = leave?.()
          await t.clock.advance(20_000)
          await outcomes

          expect([NORMAL, 1003, 1007, 1008]).toContain((await ended).code)
          expect(t.takeFailures()).toEqual([])
        }),
        effort(60),
      )
    })
  })

  it.each(['typed', 'typedPage'])(
    '%s keeps no more unread events than its limits',
    async (name) => {
      await withTestApplication(async (t) => {
        let sent = 0
        t.application.install(WebSockets)
        t.application.routing((route) => {
          route.webSocket('/', { protocols }, async ({ send, signal }) => {
            const event = JSON.stringify({ type: 'said', data: 'x'.repeat(1000) })
            for (; !signal.aborted && sent < 20_000; sent++) await send(event)
          })
        })
        const session = await t.connect('/', { protocols })
        const { incoming } = name === 'typed' ? typed(session, contract) : typedPage(session, page)
        await t.clock.advance(1000)

        // 64 here, 1 MiB in the session of each side, and what the kernels hold: no readAhead
        // without a request.
        expect(sent).toBeLessThan(4000)
        expect(await incoming.receive()).toMatchObject({ type: 'said' })
        session.terminate()
      })
    },
  )
})
