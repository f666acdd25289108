/**
 * Frameworks on a server of node:http2. An attached application takes their WebSockets by extended
 * CONNECT (RFC 8441), and the framework answers its own requests.
 */

import { once } from 'node:events'
import {
  connect,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { attach, type ConnectMiddleware, type Frame, throughMiddleware } from 'towpath'
import { createWebSocketClient, type WebSocketClientSession } from 'towpath/client'
import { towpath, type TowpathFastify } from 'towpath/fastify'

import { certificate } from '../support/certificate.ts'
import { greeter } from './application.ts'
import { load, missing } from './frameworks.ts'

/** A framework that listens, with an echo at `/echo`, a greeting behind a login at `/private`. */
interface Served {
  readonly port: number
  /** Stops the application and the server, in the way of the framework. */
  readonly stop: () => Promise<unknown>
}

const TLS = { ca: certificate.cert }
const LOGIN = 'Basic YWRhOnNlY3JldA=='

const textOf = (frame: Frame): string => Buffer.from(frame.buffer).toString()

/** Asks for a page over HTTP/2. */
async function page(port: number, path: string): Promise<{ status: number; body: string }> {
  const connection = connect(`https://localhost:${port}`, TLS)
  const stream = connection.request({ ':path': path })
  const [headers] = (await once(stream, 'response')) as [
    IncomingHttpHeaders & IncomingHttpStatusHeader,
  ]
  let body = ''
  for await (const chunk of stream) body += String(chunk)
  await new Promise<void>((resolve) => {
    connection.close(resolve)
  })
  return { status: headers[':status'] ?? 0, body }
}

function http2Mount(name: string, serve: () => Promise<Served>, skipped: string | null): void {
  const title = skipped === null ? name : `${name} (skipped: ${skipped})`
  describe.skipIf(skipped !== null)(`${title} over HTTP/2`, () => {
    /** `true`: the client speaks HTTP/2, or fails. */
    const client = () => createWebSocketClient({ http2: true, tls: TLS })

    it('opens a WebSocket by extended CONNECT, while its own routes still answer', async () => {
      const { port, stop } = await serve()
      const clients = client()
      const session = await clients.openWebSocket(`wss://localhost:${port}/echo`)
      const plain = await page(port, '/plain')
      await session.send('hello')
      const echo = textOf(await session.incoming.receive())
      await clients.close()
      await stop()

      expect(session.response.status).toBe(200)
      expect(plain).toEqual({ status: 200, body: 'plain' })
      expect(echo).toBe('hello')
    })

    it('lets in by its own login, and refuses others', async () => {
      const { port, stop } = await serve()
      const clients = client()
      const url = `wss://localhost:${port}/private`
      const refused: unknown = await clients.openWebSocket(url).catch((error: unknown) => error)
      const headers = { authorization: LOGIN }
      const greeted = await clients.openWebSocket(url, { headers })
      const greeting = textOf(await greeted.incoming.receive())
      await clients.close()
      await stop()

      expect(refused).toMatchObject({ status: 401, body: 'log in first' })
      expect(greeting).toBe('hello, ada')
    })

    it('closes its sessions with 1001 when it stops', async () => {
      const { port, stop } = await serve()
      const clients = client()
      const opening = Array.from({ length: 3 }, () =>
        clients.openWebSocket(`wss://localhost:${port}/echo`),
      )
      const sessions: WebSocketClientSession[] = await Promise.all(opening)
      const stopped = stop()
      const ends = await Promise.all(sessions.map(({ closed }) => closed))
      // Servers of node:http2 wait for connections without a stream until Node 22.
      await clients.close()
      await stopped

      expect(ends.map(({ reason }) => reason?.code)).toEqual([1001, 1001, 1001])
    })
  })
}

// What is used of Koa, in its shape.
interface Context {
  readonly path: string
  readonly req: { readonly headers: { readonly authorization?: string } }
  body: unknown
  respond: boolean
  throw(status: number, message: string): never
}
type Koa = new () => {
  use(middleware: (ctx: Context) => void): void
  callback(): (request: object, response: object) => Promise<void>
}

http2Mount(
  'Koa 3',
  async () => {
    const Koa = load<Koa>('koa')
    const web = new Koa()
    web.use((ctx) => {
      if (ctx.path === '/plain') ctx.body = 'plain'
    })
    const gate = new Koa()
    gate.use((ctx) => {
      if (ctx.req.headers.authorization === undefined) ctx.throw(401, 'log in first')
      Object.assign(ctx.req, { user: 'ada' })
      // Who gets here may connect: Koa is not to answer.
      ctx.respond = false
    })
    const decide = gate.callback()
    const throughKoa = throughMiddleware(async (request, response, next) => {
      await decide(request, response)
      if (!response.writableEnded) next()
    })

    const answer = web.callback()
    const server = createSecureServer(
      certificate,
      (request, response) => void answer(request, response),
    )
    const attachment = attach(greeter(throughKoa), server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      port: portOf(server),
      async stop() {
        await attachment.stop({ grace: 0 })
        server.close()
        await once(server, 'close')
      },
    }
  },
  missing('koa'),
)

// What is used of Fastify, in its shape.
interface Request {
  readonly headers: Record<string, string | undefined>
  user?: string
}
interface Reply {
  code(status: number): Reply
  send(body?: unknown): Reply
}
interface Fastify extends TowpathFastify<Request> {
  readonly server: Http2SecureServer
  register(plugin: unknown, options?: object): Promise<void>
  addHook(name: string, hook: unknown): void
  get(path: string, answer: (request: unknown, reply: Reply) => unknown): void
  listen(options: object): Promise<string>
  close(): Promise<void>
}

/** An instance of Fastify over HTTP/2, with a page. */
function fastifyOverHttp2(): Fastify {
  const make = load<(options: object) => Fastify>('fastify')
  const fastify = make({ http2: true, https: certificate })
  fastify.get('/plain', (_request, reply) => reply.send('plain'))
  return fastify
}

async function listening(fastify: Fastify): Promise<Served> {
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  return { port: portOf(fastify.server), stop: () => fastify.close() }
}

const connectLogin: ConnectMiddleware = (request, response, next) => {
  if (request.headers.authorization === undefined) {
    response.writeHead(401).end('log in first')
    return
  }
  Object.assign(request, { user: 'ada' })
  next()
}

http2Mount(
  'Fastify 5',
  () => {
    const fastify = fastifyOverHttp2()
    const attachment = attach(greeter(throughMiddleware(connectLogin)), fastify.server)
    // What a hook returns is an error to Fastify.
    fastify.addHook('preClose', async () => void (await attachment.stop({ grace: 0 })))
    return listening(fastify)
  },
  missing('fastify'),
)

/** The plugin, with the login as a hook of Fastify. */
async function withPlugin(): Promise<Served> {
  const fastify = fastifyOverHttp2()
  await fastify.register(towpath, { stop: { grace: 0 } })
  fastify.webSocket('/echo', async ({ incoming, send }) => {
    for await (const frame of incoming) await send(frame)
  })
  await fastify.register((inside: Fastify, _options: object, done: () => void) => {
    inside.addHook('onRequest', (request: Request, reply: Reply, next: () => void) => {
      if (request.headers['authorization'] === undefined) {
        return reply.code(401).send('log in first')
      }
      request.user = 'ada'
      next()
      return undefined
    })
    inside.webSocket('/private', {}, ({ send }, request) => send(`hello, ${request.user}`))
    done()
  })
  return listening(fastify)
}

http2Mount('towpath/fastify', withPlugin, missing('fastify'))

describe.skipIf(missing('fastify') !== null)('towpath(fastify) over HTTP/2', () => {
  it('answers a plain request for a WebSocket with 400, as HTTP/2 has no Upgrade', async () => {
    const { port, stop } = await withPlugin()
    const answer = await page(port, '/echo')
    await stop()

    expect(answer.status).toBe(400)
    expect(answer.body).toContain('this path is a WebSocket')
  })
})

function portOf(server: Http2SecureServer): number {
  return (server.address() as AddressInfo).port // it listens on TCP
}
