import { once } from 'node:events'
import { get, type IncomingMessage, type RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import type { FastifyLike, TowpathFastify } from '../../../src/adapters/fastify/fastify-types.ts'
import { towpath, type TowpathFastifyOptions } from '../../../src/adapters/fastify/plugin.ts'
import { load, missing } from '../../mounts/frameworks.ts'
import { mountSuite, type ServerOf } from '../../suites/mounts.ts'

// What is used of Fastify, in its shape.
interface Request {
  readonly headers: Record<string, string | undefined>
  readonly raw: IncomingMessage
  user?: string
}
interface Reply {
  code(status: number): Reply
  header(name: string, value: string): Reply
  send(body?: unknown): Reply
}
type Hook = (request: Request, reply: Reply, done: () => void) => unknown
interface Fastify extends FastifyLike, TowpathFastify<Request> {
  readonly server: ReturnType<ServerOf>
  register(
    plugin: (fastify: Fastify, options: TowpathFastifyOptions, done: () => void) => unknown,
    options?: object,
  ): Promise<void>
  decorateRequest(name: string, value: unknown): void
  addHook(name: string, hook: unknown): void
  get(path: string, answer: (request: unknown, reply: Reply) => unknown): void
  listen(options: object): Promise<string>
  close(): Promise<void>
}
type Options = { readonly serverFactory?: (listener: RequestListener) => unknown }

const skipped = missing('fastify')

const login: Hook = (request, reply, done) => {
  if (request.headers['authorization'] === undefined) {
    return reply.code(401).header('www-authenticate', 'Basic').send('log in first')
  }
  request.user = 'ada'
  reply.header('set-cookie', 'seen=1')
  done()
  return undefined
}

async function served(options: Options = {}): Promise<Fastify> {
  const fastify = load<(options: Options) => Fastify>('fastify')(options)
  await fastify.register(towpath, { webSockets: { maxConnectionsPerAddress: Infinity } })
  fastify.get('/plain', (_request, reply) => reply.send('plain'))
  fastify.webSocket('/echo', async ({ incoming, send }) => {
    for await (const frame of incoming) await send(frame)
  })
  await fastify.register((inside, _options, done) => {
    inside.decorateRequest('user', undefined)
    inside.addHook('onRequest', login)
    inside.webSocket('/private', {}, ({ send }, request) => send(`hello, ${request.user}`))
    done()
  })
  return fastify
}

mountSuite(
  'towpath/fastify',
  async (serve) => {
    const fastify = await served({ serverFactory: serve })
    const port = await listening(fastify)
    return { server: fastify.server, port, stop: () => fastify.close() }
  },
  skipped,
)

describe.skipIf(skipped !== null)('towpath(fastify)', () => {
  it('answers a plain request for a WebSocket with 426', async () => {
    const fastify = await served()
    const port = await listening(fastify)

    const [response] = (await once(
      get({ host: '127.0.0.1', port, path: '/echo', agent: false }),
      'response',
    )) as [IncomingMessage]
    response.resume()

    expect(response.statusCode).toBe(426)
    await fastify.close()
  })

  it('runs each hook of the scope once, below its prefix, and onSend before the handshake', async () => {
    const fastify = await served()
    const ran: string[] = []
    await fastify.register(
      (inside, _options, done) => {
        for (const name of ['onRequest', 'preValidation', 'preHandler', 'onSend']) {
          inside.addHook(name, (...args: readonly unknown[]) => {
            ran.push(name)
            const done = args.at(-1) as () => void // callbacks come last in Fastify
            done()
          })
        }
        inside.webSocket('/rooms/:room', {}, ({ call, send }) => {
          ran.push('handler')
          return send(call.parameters.room)
        })
        done()
      },
      { prefix: '/v1' },
    )
    const port = await listening(fastify)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/rooms/blue`)

    const [message] = (await once(socket, 'message')) as [Buffer]

    expect(message.toString()).toBe('blue')
    expect(ran).toEqual(['onRequest', 'preValidation', 'preHandler', 'onSend', 'handler'])
    socket.terminate()
    await fastify.close()
  })

  it('closes its sessions by stop() of the application, with `lead`, before close()', async () => {
    const fastify = await served()
    const port = await listening(fastify)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`)
    await once(socket, 'open')
    const closed = once(socket, 'close') as Promise<[number]>

    const stopped = fastify.webSocketApplication.stop({ lead: { milliseconds: 1 } })

    expect(await stopped).toMatchObject({ sessions: 1, aborted: 0 })
    expect((await closed)[0]).toBe(1001)
    await fastify.close()
    expect(fastify.server.listening).toBe(false)
  })

  it('throws at once for a handler that is none', async () => {
    const fastify = await served()

    expect(() => fastify.webSocket('/none', {} as never)).toThrow(
      'Cannot declare a WebSocket: the handler is an object, expected a function',
    )
    await fastify.close()
  })

  it('refuses with 400 what the schema of the route does not allow', async () => {
    const fastify = await served()
    const schema = {
      querystring: {
        type: 'object',
        required: ['token'],
        properties: { token: { type: 'string' } },
      },
    }
    fastify.webSocket('/strict', { schema, maxMessageSize: 1024 }, ({ send }) => send('in'))
    const port = await listening(fastify)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/strict`)

    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]

    expect(response.statusCode).toBe(400)
    response.destroy()
    await fastify.close()
  })
})

async function listening(fastify: Fastify): Promise<number> {
  const address = await fastify.listen({ port: 0, host: '127.0.0.1' })
  return Number(new URL(address).port)
}
