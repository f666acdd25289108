import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { attachHono, type AttachHonoOptions } from '../../../src/adapters/hono/attach-hono.ts'
import type { HonoContextLike, HonoLike } from '../../../src/adapters/hono/hono-types.ts'
import { webSocket } from '../../../src/adapters/hono/web-socket.ts'
import { load, missing } from '../../mounts/frameworks.ts'
import { mountSuite } from '../../suites/mounts.ts'
import { certificate } from '../../support/certificate.ts'

// What is used of Hono, in its shape.
interface Context extends HonoContextLike {
  readonly env: { readonly incoming: IncomingMessage }
  readonly req: HonoContextLike['req'] & {
    header(name: string): string | undefined
    param(name: string): string
  }
  res: Response
  get(name: string): unknown
  set(name: string, value: unknown): void
  header(name: string, value: string): void
  text(text: string, status?: number, headers?: Record<string, string>): Response
}
type Handler = (
  c: Context,
  next: () => Promise<void>,
) => Response | Promise<Response | void> | Promise<void>
interface Hono extends HonoLike {
  get(path: string, ...handlers: readonly Handler[]): this
  use(path: string, handler: Handler): this
  route(path: string, app: Hono): this
  onError(handler: (error: Error, c: Context) => Response): this
}
type NewHono = new () => Hono
type Serve = (options: object, listening: (info: AddressInfo) => void) => Server

const skipped = missing('hono', '@hono/node-server')

const login: Handler = async (c, next) => {
  if (c.req.header('authorization') === undefined) {
    return c.text('log in first', 401, { 'www-authenticate': 'Basic' })
  }
  c.set('user', 'ada')
  c.header('set-cookie', 'seen=1')
  await next()
  return undefined
}

function served(): Hono {
  const { Hono } = load<{ Hono: NewHono }>('hono')
  return new Hono()
    .get('/plain', (c) => c.text('plain'))
    .get(
      '/echo',
      webSocket(async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      }),
    )
    .get(
      '/private',
      login,
      webSocket(({ send }, c: Context) => send(`hello, ${String(c.get('user'))}`)),
    )
}

/** Serves `app` in the way that the documentation of Hono says. */
async function start(
  app: Hono,
  server: object = {},
  options: AttachHonoOptions = {},
): Promise<Place> {
  const { serve } = load<{ serve: Serve }>('@hono/node-server')
  const http = serve(
    {
      fetch: (request: Request, env: object) => app.fetch(request, env),
      port: 0,
      hostname: '127.0.0.1',
      ...server,
    },
    () => {},
  )
  const attachment = attachHono(app, http, {
    webSockets: { maxConnectionsPerAddress: Infinity },
    ...options,
  })
  await once(http, 'listening')
  return {
    server: http,
    port: (http.address() as AddressInfo).port,
    application: attachment.application,
    async stop() {
      await attachment.stop({ grace: { milliseconds: 100 } })
      http.close()
      http.closeIdleConnections()
      await once(http, 'close')
    },
  }
}

interface Place {
  readonly server: Server
  readonly port: number
  readonly application: ReturnType<typeof attachHono>['application']
  stop(): Promise<void>
}

mountSuite(
  'towpath/hono',
  (_serve, carrier) =>
    start(
      served(),
      carrier === 'TLS' ? { createServer: createSecureServer, serverOptions: certificate } : {},
    ),
  skipped,
)

describe.skipIf(skipped !== null)('attachHono()', () => {
  it('answers a plain request for a WebSocket with 426', async () => {
    const place = await start(served())

    const response = await fetch(`http://127.0.0.1:${place.port}/echo`)

    expect(response.status).toBe(426)
    expect(response.headers.get('upgrade')).toBe('websocket')
    await place.stop()
  })

  it('serves the paths of app.route() with onError, patterns and stars as Hono matches them', async () => {
    const { Hono } = load<{ Hono: NewHono }>('hono')
    const inside = new Hono()
      .get(
        '/rooms/:room{[a-z]+}',
        webSocket(({ send }, c: Context) => send(`room ${c.req.param('room')}`)),
      )
      .onError((_error, c) => c.text('failed', 500))
    const app = new Hono().route('/v1', inside).get(
      '/files/*',
      webSocket(({ call, send }) => send(call.request.path)),
    )
    const place = await start(app)

    expect(await firstOf(place, '/v1/rooms/blue')).toBe('room blue')
    expect(await firstOf(place, '/v1/rooms/42')).toBe(404)
    expect(await firstOf(place, '/files/a/b')).toBe('/files/a/b')
    expect(await firstOf(place, '/files')).toBe('/files')
    await place.stop()
  })

  it('serves routes that are declared after it', async () => {
    const app = served()
    const place = await start(app)
    app.get(
      '/late',
      webSocket(({ send }) => send('in time')),
    )

    expect(await firstOf(place, '/late')).toBe('in time')
    await place.stop()
  })

  it('runs the handler in the asynchronous context of the middleware', async () => {
    const { Hono } = load<{ Hono: NewHono }>('hono')
    const storage = new AsyncLocalStorage<string>()
    const app = new Hono()
      .use('/*', (_c, next) => storage.run('from middleware', next))
      .get(
        '/context',
        webSocket(({ send }) => send(storage.getStore() ?? 'lost')),
      )
    const place = await start(app)

    expect(await firstOf(place, '/context')).toBe('from middleware')
    await place.stop()
  })

  it('refuses when middleware changes the response after the handler', async () => {
    const { Hono } = load<{ Hono: NewHono }>('hono')
    const app = new Hono()
      .use('/*', async (c, next) => {
        await next()
        c.res = c.text('no', 403)
      })
      .get(
        '/refused',
        webSocket(({ send }) => send('not reached')),
      )
    const place = await start(app)

    expect(await firstOf(place, '/refused')).toBe(403)
    await place.stop()
  })

  it('gives a handler the options of its WebSocket, and Node’s request as c.env.incoming', async () => {
    const { Hono } = load<{ Hono: NewHono }>('hono')
    const app = new Hono().get(
      '/chat',
      (c, next) => (c.env.incoming.socket.remotePort === undefined ? Promise.resolve() : next()),
      webSocket(({ protocol, send }) => send(protocol ?? 'none'), { protocols: ['chat'] }),
    )
    const place = await start(app)

    expect(await firstOf(place, '/chat', ['chat'])).toBe('chat')
    await place.stop()
  })
})

/** The first message at `path`, or the status of the refusal. */
async function firstOf(
  { port }: Place,
  path: string,
  protocols: string[] = [],
): Promise<string | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols)
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    const { statusCode = 0 } = (response as IncomingMessage).resume()
    return statusCode
  })
  const message = once(socket, 'message').then(([data]) => String(data))
  // What the other one waits for fails with the socket.
  const first = await Promise.any([message, refused])
  socket.on('error', () => {})
  socket.terminate()
  return first
}
