import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'

import type { FastifyLike, TowpathFastify } from '../../../src/adapters/fastify/fastify-types.ts'
import { towpath } from '../../../src/adapters/fastify/plugin.ts'
import { Frame } from '../../../src/index.ts'
import { load, missing } from '../../mounts/frameworks.ts'
import { certificate } from '../../support/certificate.ts'

// What is used of Fastify, in its shape.
interface Request {
  readonly raw: IncomingMessage
  readonly headers: Record<string, string | undefined>
}
interface Reply {
  code(status: number): Reply
  send(body?: unknown): Reply
}
type Hook = (request: Request, reply: Reply, done: () => void) => unknown
interface Fastify extends FastifyLike, TowpathFastify<Request> {
  register(plugin: typeof towpath, options?: object): Promise<void>
  addHook(name: string, hook: unknown): void
  close(): Promise<void>
}

const skipped = missing('fastify')

async function fastifyWith(hook: Hook, options: object = {}): Promise<Fastify> {
  const fastify = load<(options: object) => Fastify>('fastify')(options)
  await fastify.register(towpath, { stop: { grace: 0 } })
  fastify.addHook('onRequest', hook)
  return fastify
}

const open: Hook = (_request, _reply, done) => done()

describe.skipIf(skipped !== null)('injectWebSocket()', () => {
  it.each([{}, { https: certificate }])(
    'runs hooks and handler in memory, without a port: %o',
    async (options) => {
      const seen: unknown[] = []
      const note: Hook = (request, _reply, done) => {
        seen.push(request.headers['x-name'])
        done()
      }
      const fastify = await fastifyWith(note, options)
      fastify.webSocket('/rooms/:room', { protocols: ['chat'] }, async ({ call, send }) => {
        await send(`${call.parameters.room} ${call.request.uri}`)
      })

      const session = await fastify.injectWebSocket('/rooms/blue?a=b', {
        headers: { 'x-name': 'ada' },
        protocols: ['chat'],
      })

      expect(session.protocol).toBe('chat')
      const frame = await session.incoming.receive()
      expect(frame instanceof Frame.Text && frame.readText()).toBe('blue /rooms/blue?a=b')
      expect(seen).toEqual(['ada'])
      expect((await session.closeReason).code).toBe(1000)
      await fastify.close()
    },
  )

  it('rejects with the refusal of a hook', async () => {
    const fastify = await fastifyWith((_request, reply) => reply.code(403).send('no'))
    fastify.webSocket('/', {}, ({ send }) => send('not reached'))

    await expect(fastify.injectWebSocket('/')).rejects.toMatchObject({ status: 403, body: 'no' })
    await fastify.close()
  })

  it('is closed with 1001 by fastify.close()', async () => {
    const fastify = await fastifyWith(open)
    fastify.webSocket('/', {}, async ({ incoming }) => void (await incoming.toArray()))
    const session = await fastify.injectWebSocket('/')

    await fastify.close()

    expect((await session.closeReason).code).toBe(1001)
  })
})

describe.skipIf(skipped !== null)('towpath(fastify)', () => {
  it('runs a handler in the asynchronous context of the hooks', async () => {
    const storage = new AsyncLocalStorage<string>()
    const fastify = await fastifyWith((_request, _reply, done) => storage.run('of the hook', done))
    fastify.webSocket('/', {}, ({ send }) => send(storage.getStore() ?? 'lost'))

    const session = await fastify.injectWebSocket('/')

    const frame = await session.incoming.receive()
    expect(frame instanceof Frame.Text && frame.readText()).toBe('of the hook')
    await fastify.close()
  })
})
