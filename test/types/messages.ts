/**
 * What the compiler knows of a contract: compiled, and not run. Three schema libraries in one
 * contract.
 */

import { type } from 'arktype'
import type { WebSocketServerSession } from 'towpath'
import type { ClientSession, ReconnectingWebSocket } from 'towpath/client'
import { contractOf, defineContract, prepare, typed, typedConnection } from 'towpath/messages'
import * as v from 'valibot'
import { z } from 'zod'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Fails to compile unless `T` is `true`. */
function holds<T extends true>(): T | undefined {
  return undefined
}

const chat = defineContract({
  name: 'chat',
  version: 2,
  errors: { CLOSED: null },
  client: {
    say: { event: z.object({ text: z.string() }) },
    count: { request: z.string().transform((text) => text.length), response: z.number() },
    history: {
      request: v.object({ room: v.string() }),
      response: v.object({ lines: v.array(v.string()) }),
      errors: { NO_SUCH_ROOM: type({ room: 'string' }) },
    },
    ping: { request: null },
    watch: { request: type({ room: 'string' }), stream: v.number(), response: z.string() },
    load: { request: null, upload: z.object({ n: z.number() }) },
  },
  server: {
    said: { event: type({ from: 'string', text: 'string' }) },
    ask: { request: z.string(), response: z.boolean() },
  },
})
type Chat = typeof chat.shape

export async function client(session: ClientSession): Promise<void> {
  const { send, request, requestCatching, stream, trySend, incoming } = typed(session, chat)

  await send('say', { text: 'a' })
  // @ts-expect-error the data of say has a text
  await send('say', {})
  // @ts-expect-error history is a request
  await send('history', { room: 'a' })
  // @ts-expect-error said is an event of the server
  await send('said', { from: 'a', text: 'b' })
  trySend('say', { text: 'a' })
  // @ts-expect-error an event of the server is prepared for servers
  trySend(prepare(chat, 'said', { from: 'a', text: 'b' }))

  const { lines } = await request('history', { room: 'a' })
  holds<Equal<typeof lines, string[]>>()
  // A client gives the input of a schema.
  await request('count', 'text')
  // @ts-expect-error the input is a string, and not what the schema makes of it
  await request('count', 4)
  // @ts-expect-error watch is a stream
  await request('watch', { room: 'a' })
  await request('ping', undefined, { timeout: { seconds: 1 } })
  await request('load', undefined, { upload: [{ n: 1 }] })
  // @ts-expect-error a request with an upload needs one
  await request('load', undefined)

  const outcome = await requestCatching('history', { room: 'a' })
  if (outcome.type === 'value') holds<Equal<typeof outcome.value, { lines: string[] }>>()
  else if (outcome.failure === 'NO_SUCH_ROOM') {
    holds<Equal<typeof outcome.data, { room: string }>>()
  } else if (outcome.failure === 'BUSY') holds<Equal<typeof outcome.data, undefined>>()
  // @ts-expect-error no such failure is declared
  if (outcome.type === 'failed' && outcome.failure === 'NOPE') return

  const items = stream('watch', { room: 'a' })
  for await (const item of items) holds<Equal<typeof item, number>>()
  const result = await items.result
  holds<Equal<typeof result, string>>()
  // @ts-expect-error history is no stream
  stream('history', { room: 'a' })

  const message = await incoming.receive()
  if (message.type === 'said') holds<Equal<typeof message.data, { from: string; text: string }>>()
  else await message.respond(true)
  // @ts-expect-error ask is answered with a boolean
  if (message.type === 'ask') await message.respond('yes')
}

export async function server(session: WebSocketServerSession): Promise<void> {
  const { serve, send, request } = typed(session, chat)

  await send('said', { from: 'a', text: 'b' })
  const answer = await request('ask', 'sure?')
  holds<Equal<typeof answer, boolean>>()
  // @ts-expect-error a handler is missing
  await serve({ say: () => {} })
  await serve({
    say: ({ text }) => text,
    count: (length) => {
      // A server is given the output of a schema.
      holds<Equal<typeof length, number>>()
      return length
    },
    history: ({ room }, { error, signal, upload }) => {
      holds<Equal<typeof upload, undefined>>()
      if (signal.aborted) throw error('CLOSED')
      // @ts-expect-error the failure has data
      if (room === 'a') throw error('NO_SUCH_ROOM')
      // @ts-expect-error the failure is not declared
      if (room === 'b') throw error('NOPE')
      if (room === 'c') throw error('NO_SUCH_ROOM', { room })
      return { lines: [] }
    },
    ping: () => {},
    async *watch({ room }) {
      await Promise.resolve()
      yield room.length
      return 'end'
    },
    load: async (_, { upload }) => {
      for await (const item of upload) holds<Equal<typeof item, { n: number }>>()
    },
  })
}

export async function answers(session: WebSocketServerSession): Promise<void> {
  const small = defineContract({
    name: 'small',
    client: { history: { request: null, response: z.array(z.string()) } },
  })
  // @ts-expect-error the answer is a list of strings
  await typed(session, small).serve({ history: () => 1 })
}

export async function page(
  session: ClientSession,
  connection: ReconnectingWebSocket,
): Promise<void> {
  // A page has the types alone.
  const { request } = typed(session, contractOf<typeof chat>('chat.2+json'))
  const { lines } = await request('history', { room: 'a' })
  holds<Equal<typeof lines, string[]>>()

  const { keep } = typedConnection(connection, chat)
  const kept = keep('watch', (last) => {
    holds<Equal<typeof last, number | null>>()
    return { room: 'a' }
  })
  for await (const item of kept) holds<Equal<typeof item, number>>()
}

export function contracts(): void {
  holds<Equal<Chat['name'], 'chat'>>()
  // @ts-expect-error M-31 a Date does not travel as JSON
  defineContract({ name: 'c', server: { tick: { event: z.object({ at: z.date() }) } } })
  // @ts-expect-error M-31 nor does a bigint, in an answer
  defineContract({ name: 'c', client: { id: { request: null, response: z.array(z.bigint()) } } })
  const put = { event: z.object({ b: z.instanceof(Uint8Array) }) }
  // @ts-expect-error M-31 nor do bytes in a part
  defineContract({ name: 'c', client: { put } })
  // @ts-expect-error M-31 nor with a binary codec beside json
  defineContract({ name: 'c', codecs: ['cbor', 'json'], server: { tick: { event: z.date() } } })
  defineContract({ name: 'c', codecs: ['cbor'], server: { tick: { event: z.date() } } })
  // What a client sends is the input: a text, of which the server makes a Date.
  defineContract({ name: 'c', client: { at: { event: z.string().transform((t) => new Date(t)) } } })
  // A schema of a tree, which has no end.
  interface Tree {
    readonly children: readonly Tree[]
  }
  const tree: z.ZodType<Tree, Tree> = z.lazy(() => z.object({ children: z.array(tree) }))
  defineContract({ name: 'c', client: { grow: { event: tree } } })
}
