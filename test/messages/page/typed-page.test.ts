/**
 * Typed messages of a page, against a server with the whole contract.
 */

import { Frame, WebSockets } from 'towpath'
import { contractOf, defineContract } from 'towpath/messages'
import { answers, streams, typedPage, uploads } from 'towpath/messages/page'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withServer } from '../../support/typed-pair.ts'

const contract = defineContract({
  name: 'c',
  errors: { CLOSED: z.object({ until: z.string() }) },
  client: {
    say: { event: z.string() },
    echo: { request: z.string(), response: z.string() },
    load: { request: null, upload: z.number(), response: z.number() },
    watch: { request: z.number(), stream: z.number(), response: z.string() },
  },
  server: {
    said: { event: z.string() },
    ask: { request: z.string(), response: z.string() },
  },
})

const chat = contractOf<typeof contract>('c+json')

const HANDLERS = {
  say: () => {},
  echo: (text: string) => text,
  async load(_: undefined, { upload }: { readonly upload: AsyncIterable<number> }) {
    let sum = 0
    for await (const each of upload) sum += each
    return sum
  },
  async *watch(to: number) {
    for (let n = 1; n <= to; n++) yield await Promise.resolve(n)
    return 'end'
  },
}

/** Runs `block` with the session of a page and the server at its end. */
function withPage(
  block: (
    session: Parameters<typeof typedPage>[0],
    server: Awaited<Parameters<Parameters<typeof withServer<typeof contract.shape>>[1]>[1]>,
  ) => Promise<void>,
): Promise<void> {
  return withServer(contract, async (t, server) => {
    const session = await t.connect('/', { protocols: contract.protocols })
    await block(session, await server)
  })
}

describe('typedPage()', () => {
  it('sends events, asks requests, and receives events', () =>
    withPage(async (session, server) => {
      const said: string[] = []
      void server.serve({ ...HANDLERS, say: (text) => void said.push(text) })
      const { send, trySend, request, incoming } = typedPage(session, chat)

      await send('say', 'a')
      expect(trySend('say', 'b')).toBe('sent')
      expect(await request('echo', 'c')).toBe('c')
      expect(said).toEqual(['a', 'b'])
      await server.send('said', 'd')
      expect(await incoming.receive()).toMatchObject({ type: 'said', data: 'd' })
    }))

  it('M-12 M-13 settles a request with a failure of the contract', () =>
    withPage(async (session, server) => {
      void server.serve({
        ...HANDLERS,
        echo: (_, { error }) => {
          throw error('CLOSED', { until: 'noon' })
        },
      })
      const { requestCatching } = typedPage(session, chat)

      expect(await requestCatching('echo', 'a')).toEqual({
        type: 'failed',
        failure: 'CLOSED',
        data: { until: 'noon' },
      })
    }))

  it('has no stream, no serve and no uploads without their features', () =>
    withPage(async (session, server) => {
      void server.serve(HANDLERS)
      const page = typedPage(session, chat)

      expect(Object.keys(page).sort()).toEqual(
        ['incoming', 'request', 'requestCatching', 'send', 'trySend', 'unknownEvents'].sort(),
      )
      // @ts-expect-error: a request with an upload needs the feature.
      await expect(page.request('load', undefined, { upload: [1] })).rejects.toThrow(
        new TypeError('Cannot ask "load": expected the feature "uploads" for its upload'),
      )
    }))

  it('answers requests of the server with UNKNOWN without the feature answers, and goes on', () =>
    withPage(async (session, server) => {
      void server.serve(HANDLERS)
      const { request } = typedPage(session, chat)

      expect(await server.requestCatching('ask', 'who?')).toMatchObject({ failure: 'UNKNOWN' })
      expect(await request('echo', 'a')).toBe('a')
    }))

  it('streams with streams, uploads with uploads, and serves with answers', () =>
    withPage(async (session, server) => {
      void server.serve(HANDLERS)
      const page = typedPage(session, chat, { features: [answers, streams, uploads] })
      const said: string[] = []
      void page.serve({ said: (text) => void said.push(text), ask: (text) => `${text} me` })

      const items: number[] = []
      const watched = page.stream('watch', 40)
      for await (const item of watched) items.push(item)
      expect([items.length, await watched.result]).toEqual([40, 'end'])
      expect(await page.request('load', undefined, { upload: [1, 2, 3] })).toBe(6)
      await server.send('said', 'hello')
      expect(await server.request('ask', 'who?')).toBe('who? me')
      expect(said).toEqual(['hello'])
    }))

  it('throws TypeError for a second call with one session, and for another subprotocol', () =>
    withPage(async (session) => {
      expect(() => typedPage(session, contractOf('d+json'))).toThrow('the subprotocol "c+json"')
      typedPage(session, chat)

      expect(() => typedPage(session, chat)).toThrow('the session has them already')
      await Promise.resolve()
    }))

  it('M-09 answers with INVALID, and logs nothing, if a server asks for the items of one value', () =>
    withTestApplication(async (t) => {
      const answered: unknown[] = []
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols: contract.protocols }, async ({ incoming, send }) => {
          await send('{"type":"ask","id":2,"data":"a","credit":4}')
          await incoming.consumeEach((frame) => {
            if (frame instanceof Frame.Text) answered.push(JSON.parse(frame.readText()))
          })
        })
      })
      const session = await t.connect('/', { protocols: contract.protocols })
      const { serve } = typedPage(session, chat, { features: [answers] })
      const served = serve({ said: () => {}, ask: (text) => text })
      await t.settle()

      expect(answered).toEqual([{ type: '.error', id: 2, code: 'INVALID' }])
      expect(t.takeFailures()).toEqual([])
      await session.close()
      await served
    }))
})
