import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'

import {
  createApplication,
  type Interceptor,
  type WebSocketHandler,
  WebSockets,
} from '../../../../src/application/index.ts'
import { attach } from '../../../../src/engines/node/attach.ts'
import { nodeRequest } from '../../../../src/engines/node/upgrades/node-request.ts'
import {
  type ConnectMiddleware,
  throughMiddleware,
} from '../../../../src/engines/node/upgrades/through-middleware.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import { upgradeRequest } from '../../../support/loopback-world.ts'

const hello: WebSocketHandler = ({ send }) => send('hello')

interface Answer {
  readonly text: string
  readonly failures: readonly unknown[]
}

/** What a client gets from a route behind `interceptors`, up to the end of the connection. */
async function ask(
  interceptors: readonly Interceptor[],
  handler: WebSocketHandler = hello,
): Promise<Answer> {
  const failures: unknown[] = []
  const silent = (): void => {}
  const fail = (facts: object): void => void failures.push(facts)
  const logger = { debug: silent, info: silent, warn: fail, error: fail }
  const app = createApplication(undefined, { logger })
  app.install(WebSockets, { handshakeTimeout: { milliseconds: 200 } })
  app.routing((route) => {
    for (const each of interceptors) route.intercept(each)
    route.webSocket('/', handler)
  })
  const server = createServer()
  attach(app, server)
  const client = await RawClient.connect(await listen(server))
  client.send(upgradeRequest('/'))
  await client.until((text) => text.includes('hello') || /^HTTP\/1\.1 [2-5]/.test(text))
  if (!client.text.startsWith('HTTP/1.1 101')) await client.ended
  client.socket.destroy()
  server.close()
  await once(server, 'close')
  return { text: client.text, failures }
}

const through = (middleware: ConnectMiddleware): readonly Interceptor[] => [
  throughMiddleware(middleware),
]

describe('throughMiddleware()', () => {
  it('agrees when all of them call next, in order, and shows what they put on the request', async () => {
    const order: unknown[] = []
    const add =
      (name: string): ConnectMiddleware =>
      (request, _response, next) => {
        order.push(name)
        Object.assign(request, { [name]: true })
        next()
      }

    const { text } = await ask([
      throughMiddleware(add('first'), add('second')),
      (call) => void order.push(Object.hasOwn(nodeRequest(call), 'second')),
    ])

    expect(text).toMatch(/^HTTP\/1\.1 101 /)
    expect(order).toEqual(['first', 'second', true])
  })

  it('takes middleware that names the request, response and next of its framework', async () => {
    interface Request extends IncomingMessage {
      user?: string
    }
    interface Reply extends ServerResponse {
      readonly locals: object
    }
    /** As that of Express: more than one signature. */
    interface Next {
      (error?: unknown): void
      (skipped: 'route' | 'router'): void
    }
    const logIn = (request: Request, _response: Reply, next: Next): void => {
      request.user = 'ada'
      next()
    }
    const users: unknown[] = []

    await ask([
      throughMiddleware(logIn),
      (call) => void users.push((nodeRequest(call) as Request).user),
    ])

    expect(users).toEqual(['ada'])
  })

  it('refuses with the status, the headers and the body of a response that is ended', async () => {
    const { text } = await ask(
      through((_request, response) => {
        response.writeHead(401, 'Who is there', { 'www-authenticate': 'Basic', connection: 'x' })
        response.write('who ')
        response.end('is there')
      }),
    )

    expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
    expect(text).toMatch(/www-authenticate: Basic\r\n/)
    expect(text).toMatch(/connection: close\r\n\r\nwho is there$/)
  })

  it('puts headers on the 101, and those that are set on writeHead too', async () => {
    const { text } = await ask(
      through((_request, response, next) => {
        response.setHeader('x-frame-options', 'DENY')
        response.setHeader('content-length', '5')
        response.setHeader('set-cookie', ['a=1', 'b=2'])
        const writeHead = response.writeHead.bind<(status: number) => typeof response>(response)
        response.writeHead = (status: number) => {
          response.appendHeader('set-cookie', 'c=3')
          return writeHead(status)
        }
        next()
      }),
    )

    expect(text).toMatch(/^HTTP\/1\.1 101 /)
    expect(text.match(/^(?:x-|set-|content-).*$/gm)).toEqual([
      'set-cookie: a=1',
      'set-cookie: b=2',
      'set-cookie: c=3',
      'x-frame-options: DENY',
    ])
  })

  it('waits for an end that a middleware delays, which is when sessions are saved', async () => {
    let saved = false
    const { text } = await ask(
      through((_request, response, next) => {
        const end = response.end.bind(response)
        response.end = () => {
          setImmediate(() => {
            saved = true
            end()
          })
          return response
        }
        next()
      }),
      async ({ send }) => send(`hello, ${saved}`),
    )

    expect(text).toContain('hello, true')
  })

  it('puts cookies on a refusal from further in', async () => {
    const { text } = await ask([
      throughMiddleware((_request, response, next) => {
        response.setHeader('set-cookie', 'a=1')
        next()
      }),
      () => new Response('no', { status: 403 }),
    ])

    expect(text).toMatch(/^HTTP\/1\.1 403 [^]*set-cookie: a=1\r\n/)
  })

  it.each<[how: string, middleware: ConnectMiddleware]>([
    ['passed to next', (_request, _response, next) => next(new Error('broken'))],
    ['passed to next as a string', (_request, _response, next) => next('broken')],
    [
      'thrown',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejected with', () => Promise.reject(new Error('broken'))],
  ])('answers 500 and logs an error that is %s', async (_how, middleware) => {
    const { text, failures } = await ask(through(middleware))

    expect(text).toMatch(/^HTTP\/1\.1 500 /)
    expect(failures).toHaveLength(1)
  })

  it('answers 503 for a middleware that does nothing', async () => {
    const { text } = await ask(through(() => {}))

    expect(text).toMatch(/^HTTP\/1\.1 503 /)
  })

  it('runs the handler in the asynchronous context of the middleware', async () => {
    const storage = new AsyncLocalStorage<string>()
    const { text } = await ask(
      through((_request, _response, next) => storage.run('from outside', next)),
      ({ send }) => send(`hello ${storage.getStore()}`),
    )

    expect(text).toContain('hello from outside')
  })

  it('throws for what is no function', () => {
    const call = throughMiddleware as (...args: readonly unknown[]) => Interceptor

    expect(() => call(null)).toThrow(
      'Cannot run middleware: the middleware is null, expected a function',
    )
  })
})
