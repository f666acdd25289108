import { Parser } from '@asyncapi/parser'
import { bytes, type Contract, defineContract } from 'towpath/messages'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { asyncApi } from '../../src/asyncapi/async-api.ts'
import { chatContract, LIBRARIES } from '../suites/messages/schemas.ts'

const ABOUT = {
  title: 'Chat',
  version: '1.2.3',
  address: '/rooms/{room}',
  servers: { production: { host: 'chat.example.com', protocol: 'wss' } },
} as const

function chat(): Contract {
  const { zod } = LIBRARIES
  if (zod === undefined) throw new Error('Cannot find zod')
  return chatContract(zod)
}

describe('asyncApi()', () => {
  it('M-32 is valid for the parser of AsyncAPI', async () => {
    const parser = new Parser()

    const diagnostics = await parser.validate(JSON.stringify(asyncApi(chat(), ABOUT)))

    // 0 is an error, 1 a warning; others advise.
    expect(diagnostics.filter(({ severity }) => severity < 1)).toEqual([])
  })

  it('M-32 is the same each time', () => {
    expect(JSON.stringify(asyncApi(chat(), ABOUT))).toBe(JSON.stringify(asyncApi(chat(), ABOUT)))
  })

  it('M-32 receives what the client sends, and sends what the server does', () => {
    const { operations } = asyncApi(chat(), ABOUT)

    expect(operations['client.say']).toMatchObject({ action: 'receive' })
    expect(operations['server.said']).toMatchObject({ action: 'send' })
    expect(operations['server.ask']).toMatchObject({ action: 'send' })
  })

  it('M-32 has the response and each failure in the reply of a request', () => {
    const { operations, channels } = asyncApi(chat(), ABOUT)

    expect(operations['client.history']?.reply?.messages.map(({ $ref }) => $ref)).toEqual([
      '#/channels/session/messages/client.history.response',
      '#/channels/session/messages/client.history.error.NO_SUCH_ROOM',
      '#/channels/session/messages/client.history.error.CLOSED',
      '#/channels/session/messages/client.history.error',
    ])
    expect(channels.session.messages['client.history.error.NO_SUCH_ROOM']).toMatchObject({
      correlationId: { location: '$message.payload#/id' },
      payload: {
        required: ['type', 'id', 'code', 'data'],
        properties: { code: { const: 'NO_SUCH_ROOM' }, data: { required: ['room'] } },
      },
    })
  })

  it('M-32 names the subprotocols and the path', () => {
    const { channels, defaultContentType, servers } = asyncApi(chat(), ABOUT)

    expect(defaultContentType).toBe('application/json')
    expect(servers).toEqual(ABOUT.servers)
    expect(channels.session).toMatchObject({
      address: '/rooms/{room}',
      bindings: {
        ws: {
          headers: { properties: { 'Sec-WebSocket-Protocol': { enum: ['chat.2+json'] } } },
        },
      },
    })
  })

  it('describes what the client gives and what the server sends of a schema that transforms', () => {
    const count = z.string().transform((text) => text.length)
    const contract = defineContract({
      name: 'c',
      client: { ask: { request: count, response: z.string() } },
    })

    const { messages } = asyncApi(contract, ABOUT).channels.session
    expect(messages['client.ask']).toMatchObject({
      payload: { properties: { data: { type: 'string' } } },
    })
  })

  it('describes bytes as a frame of their own under json, and as data under a binary codec', () => {
    const entry = { request: null, stream: bytes } as const
    const [json, cbor] = [['json'], ['cbor']].map((codecs) =>
      asyncApi(defineContract({ name: 'c', codecs, client: { file: entry } }), ABOUT),
    )

    expect(json?.channels.session.messages['client.file.stream']).toMatchObject({
      contentType: 'application/octet-stream',
    })
    expect(cbor?.channels.session.messages['client.file.stream']).toMatchObject({
      contentType: 'application/cbor',
      payload: { required: ['type', 'id', 'data'] },
    })
  })

  it(
    'M-32 is valid for recursive schemas, schemas with an id, and odd names',
    {
      timeout: 120_000,
    },
    async () => {
      const node = z.object({
        name: z.string(),
        get children() {
          return z.array(node)
        },
      })
      const named = z.object({ a: z.string() }).meta({ id: 'Named' })
      const odd = defineContract({
        name: 'odd',
        client: {
          'a~b%c#d!': { event: z.string() },
          tree: { request: node, response: named, errors: { constructor: z.string() } },
          pair: { event: z.object({ x: named, y: named, node }) },
        },
      })
      const document = asyncApi(odd, ABOUT)
      const parser = new Parser()
      const diagnostics = await parser.validate(JSON.stringify(document))

      expect(diagnostics.filter(({ severity }) => severity < 1)).toEqual([])
      const schemas = document.components?.schemas ?? {}
      const references = [...JSON.stringify(document).matchAll(/"(#\/components[^"]*)"/g)]
      expect(references.length).toBeGreaterThan(4)
      for (const [, reference = ''] of references) {
        expect(schemas).toHaveProperty([reference.slice('#/components/schemas/'.length)])
      }
    },
  )

  it('requires no data where it may be undefined', () => {
    const optional = defineContract({
      name: 'c',
      client: {
        maybe: { event: z.string().optional() },
        given: { event: z.string().default('x') },
        any: { request: z.any(), response: z.string().default('x') },
      },
    })
    const { messages } = asyncApi(optional, ABOUT).channels.session

    expect(messages['client.maybe']?.payload).toMatchObject({ required: ['type'] })
    expect(messages['client.given']?.payload).toMatchObject({ required: ['type'] })
    expect(messages['client.any']?.payload).toMatchObject({ required: ['type', 'id'] })
    // A server sends the output of its schema.
    expect(messages['client.any.response']?.payload).toMatchObject({
      required: ['type', 'id', 'data'],
    })
  })

  it('M-32 fails with the path of an entry that has no JSON Schema', () => {
    const contract = defineContract({
      name: 'c',
      codecs: ['cbor'],
      server: { tick: { event: z.date() } },
    })

    expect(() => asyncApi(contract, ABOUT)).toThrow('Cannot describe server.tick.event')
  })
})
