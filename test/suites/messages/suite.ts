/**
 * What typed messages promise with every schema library, every codec, and on every engine.
 */

import type { WebSocketServerSession } from 'towpath'
import type { ClientSession } from 'towpath/client'
import { cbor } from 'towpath/cbor'
import { type Codec, json, typed, type TypedSession } from 'towpath/messages'
import { messagePack } from 'towpath/msgpack'
import { describe, expect, it } from 'vitest'
import { chatContract, type ChatShape, LIBRARIES } from './schemas.ts'

/** A place to run a server and one client. */
export interface MessagesWorld {
  /** Serves sessions of `protocols` with `handler`, and runs `block` as a client. */
  run(
    protocols: readonly string[],
    handler: (session: WebSocketServerSession) => Promise<void>,
    block: (session: ClientSession) => Promise<void>,
  ): Promise<void>
}

const CODECS: Readonly<Record<string, () => Codec>> = {
  json: () => json,
  msgpack: messagePack,
  cbor,
}

/** Declares the tests. */
export function messagesSuite(name: string, world: MessagesWorld): void {
  describe.each(Object.keys(LIBRARIES))(`${name}, %s`, (library) => {
    describe.each(Object.keys(CODECS))('%s', (codec) => {
      declare(library, codec, world)
    })
  })
}

type Client = TypedSession<ChatShape, 'client'>

function declare(library: string, codecName: string, world: MessagesWorld): void {
  const schemas = LIBRARIES[library]
  const codec = CODECS[codecName]?.()
  if (schemas === undefined || codec === undefined) throw new Error('Cannot find the schemas')
  const chat = chatContract(schemas, [codecName])
  const options = { codecs: [codec] }
  const run = (block: (client: Client) => Promise<void>): Promise<void> =>
    world.run(
      chat.protocols,
      (session) => serveChat(typed(session, chat, options)),
      (session) => block(typed(session, chat, options)),
    )

  it('M-05 an event arrives as its schema has it, and so does the answer to it', () =>
    run(async ({ send, incoming }) => {
      await send('say', { text: 'hello' })

      expect(await incoming.receive()).toEqual({
        type: 'said',
        data: { from: 'server', text: 'hello' },
      })
    }))

  it('M-12 M-13 a request has one outcome: a value, a declared failure, or FAILED', () =>
    run(async ({ request, requestCatching }) => {
      expect(await request('history', { room: 'a' })).toEqual({ lines: ['a'] })
      expect(await request('ping', undefined)).toBeUndefined()
      expect(await requestCatching('history', { room: 'none' })).toEqual({
        type: 'failed',
        failure: 'NO_SUCH_ROOM',
        data: { room: 'none' },
      })
      expect(await requestCatching('history', { room: 1 } as never)).toMatchObject({
        failure: 'INVALID',
      })
      expect(await requestCatching('history', { room: 'bad answer' })).toMatchObject({
        failure: 'FAILED',
      })
    }))

  it('M-21 M-24 a stream has its items in order, and its value at the end', () =>
    run(async ({ stream }) => {
      const watching = stream('watch', { room: 'abc' })
      const items: number[] = []
      for await (const { n } of watching) items.push(n)

      expect(items).toEqual(Array.from({ length: 100 }, (_, n) => n))
      expect(await watching.result).toEqual({ n: 3 })
    }))

  it('M-25 an upload is taken item by item', () =>
    run(async ({ request }) => {
      const upload = Array.from({ length: 50 }, (_, n) => ({ n }))

      expect(await request('load', undefined, { upload })).toEqual({ n: 1225 })
    }))

  it('bytes travel as they are, in both directions', () =>
    run(async ({ stream, request }) => {
      const parts: number[][] = []
      for await (const part of stream('file', undefined)) parts.push([...part])
      const upload = [new Uint8Array(3), new Uint8Array(70_000)]

      expect(parts).toEqual([[1, 2], [255]])
      expect(await request('store', undefined, { upload })).toEqual({ n: 70_003 })
    }))

  it('the server asks as the client does', () =>
    run(async ({ serve, send, incoming }) => {
      void incoming
      const served = serve({ said: () => {}, ask: ({ text }) => ({ text: `${text}!` }) })
      served.catch(() => {})
      await send('say', { text: 'ask me' })
    }))

  it('M-07 an invalid event ends the session with 1008', () =>
    world.run(
      chat.protocols,
      (session) => serveChat(typed(session, chat, options)),
      async (session) => {
        await typed(session, chat, options).send('say', { text: 1 } as never)

        expect(await session.closeReason).toMatchObject({ code: 1008 })
      },
    ))
}

/** The server of the suite. */
export async function serveChat(server: TypedSession<ChatShape, 'server'>): Promise<void> {
  const { serve, send, request } = server
  await serve({
    say: async ({ text }) => {
      if (text === 'ask me') {
        const answer = await request('ask', { text })
        if (answer.text !== 'ask me!') throw new Error(`Cannot accept "${answer.text}"`)
        return
      }
      // The schema strips what is not in it.
      await send('said', { from: 'server', text, secret: 1 } as { from: string; text: string })
    },
    history: ({ room }, { error }) => {
      if (room === 'none') throw error('NO_SUCH_ROOM', { room })
      if (room === 'bad answer') return { lines: 'none' } as never
      return { lines: [room] }
    },
    ping: () => {},
    async *watch({ room }) {
      for (let n = 0; n < 100; n++) yield { n }
      return { n: room.length }
    },
    load: async (_, { upload }) => {
      let sum = 0
      for await (const { n } of upload) sum += n
      return { n: sum }
    },
    async *file() {
      yield new Uint8Array([1, 2])
      yield new Uint8Array([255])
    },
    store: async (_, { upload }) => {
      let size = 0
      for await (const part of upload) size += part.length
      return { n: size }
    },
  })
}
