import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { captureContext, rootContext } from '../../src/application/async-context.ts'
import { Deferred } from '../../src/base/internal.ts'
import {
  type ApplicationCall,
  type DefaultWebSocketServerSession,
  type EmbeddedServer,
  embeddedServer,
  latestBy,
  permessageDeflate,
  WebSockets,
} from '../../src/index.ts'
import { connect } from '../../src/node-client.ts'
import { RawClient } from '../support/loopback.ts'
import { upgradeRequest } from '../support/loopback-world.ts'

const user = new AsyncLocalStorage<string>()

describe('captureContext()', () => {
  it('gives the context of its caller, at any time', () => {
    const context = user.run('alice', () => captureContext())

    expect(user.run('bob', () => context.run(() => user.getStore()))).toBe('alice')
  })
})

describe('rootContext', () => {
  it('has no store of any caller', () => {
    expect(user.run('alice', () => rootContext.run(() => user.getStore()))).toBe(undefined)
  })
})

/** Which stores each kind of callback has seen, by the user that it was called for. */
class Seen {
  readonly #all = new Map<string, Set<string | undefined>>()

  note(callback: string, of: string | undefined): void {
    const key = `${callback} of ${of}`
    this.#all.set(key, (this.#all.get(key) ?? new Set()).add(user.getStore()))
  }

  /** Callbacks that saw a user who was not theirs. */
  get leaks(): string[] {
    return [...this.#all].flatMap(([key, stores]) =>
      [...stores]
        .filter((store) => store !== undefined && !key.endsWith(` of ${store}`))
        .map((store) => `${key} saw ${store}`),
    )
  }

  storesOf(key: string): Array<string | undefined> {
    return [...(this.#all.get(key) ?? [])]
  }

  get kinds(): string[] {
    return [...new Set([...this.#all.keys()].map((key) => key.split(' of ')[0] ?? ''))].sort()
  }
}

/** Messages begin with the name of the user who sends them. */
const talkerIn = (data: unknown): string => String(data).split(' ')[0] ?? ''

const nameOf = (path: string): string => path.split('/')[2] ?? ''

/**
 * Creates a server that records the store of each callback. `/keep/:user` stays open, `/fail/:user`
 * throws.
 */
function serverOf(seen: Seen, transport: 'auto' | 'stream', sessions: SessionsByUser) {
  const refused: string[] = []
  return embeddedServer(
    {
      port: 0,
      host: '127.0.0.1',
      signals: false,
      transport,
      logger: {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: (facts) => seen.note('logger', sessions.nameOf(Reflect.get(facts, 'session'))),
      },
    },
    (app) => {
      app.install(WebSockets, {
        extensions: [
          permessageDeflate({
            threshold: 0,
            compressIf: ({ payload }) => {
              seen.note(
                'compressIf',
                talkerIn(Buffer.from(payload.subarray(0, 20)).toString('latin1')),
              )
              return false
            },
          }),
        ],
        origins: (_, call) => {
          seen.note('origins', nameOf(call.request.path))
          return true
        },
        closeTimeout: { milliseconds: 200 },
        handshakeTimeout: { milliseconds: 250 },
        pingPeriod: { milliseconds: 300 },
        timeout: { milliseconds: 300 },
      })
      for (const event of [
        'sessionOpened',
        'sessionClosed',
        'handlerFailed',
        'limitReached',
        'frameDropped',
      ] as const) {
        app.monitor.on(event, ({ session }) => seen.note(event, nameOf(session.call.request.path)))
      }
      app.monitor.on('upgradeRefused', ({ request }) => {
        seen.note('upgradeRefused', nameOf(request.path))
        refused.push(request.path)
      })
      app.monitor.on('stopping', () => seen.note('stopping', undefined))
      app.monitor.on('stopped', () => seen.note('stopped', undefined))
      app.resolveOrigin((origin, request) => {
        seen.note('resolveOrigin', nameOf(request.path))
        return origin
      })
      app.routing((route) => {
        route.intercept((call, next) => {
          const name = nameOf(call.request.path)
          seen.note('interceptor', name)
          call.signal.addEventListener('abort', () => seen.note('call.signal', name))
          return user.run(name, next)
        })
        const protocols = (_: readonly string[], call: ApplicationCall): string | null => {
          seen.note('protocols', nameOf(call.request.path))
          return 'chat'
        }
        const handler = async (session: DefaultWebSocketServerSession): Promise<void> => {
          const name = nameOf(session.call.request.path)
          seen.note('handler', name)
          sessions.add(name, session)
          session.signal.addEventListener('abort', () => seen.note('signal', name))
          void session.launch((signal) => {
            seen.note('launch', name)
            signal.addEventListener('abort', () => seen.note('launch signal', name))
          })
          void session.closed.then(() => seen.note('closed', name))
          void session.send(`${name} is here`)
          if (session.call.request.path.startsWith('/fail')) throw new Error('on purpose')
          for await (const _ of session.incoming) seen.note('incoming', name)
        }
        const key = (data: unknown): string => {
          seen.note('latestBy', talkerIn(data))
          return 'key'
        }
        const channels = { outgoing: { capacity: 1, onOverflow: latestBy(key) } }
        route.webSocket('/keep/:user', { protocols, channels }, handler)
        route.webSocket('/fail/:user', handler)
        route.webSocket(
          '/idle/:user',
          { idleTimeout: { milliseconds: 250 }, pingPeriod: null },
          handler,
        )
        route.route('/refused/:user', (place) => {
          place.intercept(() => new Response(null, { status: 403 }))
          place.webSocket('/', handler)
        })
        route.route('/slow/:user', (place) => {
          place.intercept(({ signal }) => {
            return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
          })
          place.webSocket('/', handler)
        })
      })
    },
  )
}

class SessionsByUser {
  readonly #all = new Map<string, DefaultWebSocketServerSession>()
  readonly #waiting = new Map<string, Deferred<DefaultWebSocketServerSession>>()

  add(name: string, session: DefaultWebSocketServerSession): void {
    this.#all.set(name, session)
    this.#deferred(name).resolve(session)
  }

  get(name: string): Promise<DefaultWebSocketServerSession> {
    return this.#deferred(name).promise
  }

  nameOf(id: unknown): string | undefined {
    return [...this.#all].find(([, session]) => session.id === id)?.[0]
  }

  #deferred(name: string): Deferred<DefaultWebSocketServerSession> {
    const known = this.#waiting.get(name) ?? new Deferred<DefaultWebSocketServerSession>()
    this.#waiting.set(name, known)
    return known
  }
}

/** Opens a connection whose client answers nothing. */
async function silent(server: EmbeddedServer, path: string): Promise<RawClient> {
  const client = await RawClient.connect(server.address.port)
  client.send(upgradeRequest(path))
  await client.until((text) => text.startsWith('HTTP/1.1 '))
  return client
}

for (const transport of ['auto', 'stream'] as const) {
  describe(`the functions of users (${transport})`, () => {
    it('never see the store of another user', async () => {
      const seen = new Seen()
      const sessions = new SessionsByUser()
      const server = await serverOf(seen, transport, sessions).start()
      const url = `ws://127.0.0.1:${server.address.port}`
      const alice = new WebSocket(`${url}/keep/alice`, ['chat'], {
        origin: 'http://elsewhere.test',
      })
      await once(alice, 'open')
      alice.pause()
      const session = await sessions.get('alice')
      // Alice and Ivan send into Ivan's session, whose client reads now and then.
      const ivan = new WebSocket(`${url}/keep/ivan`, ['chat'], { origin: 'http://elsewhere.test' })
      await once(ivan, 'open')
      ivan.pause()
      const shared = await sessions.get('ivan')
      const talk = (name: string): void => {
        user.run(name, () => {
          for (let count = 0; count < 3; count++) {
            void shared.send(`${name} ${'x'.repeat(200_000)}`)
          }
        })
      }

      // Alice's work sets the shared timers, starts the shared turns, and ends the other sessions.
      const work = user.run('alice', () =>
        // oxlint-disable-next-line no-restricted-globals -- the work of a user, beside real sockets
        setInterval(() => {
          session.pingInterval = { milliseconds: 300 }
          for (let count = 0; count < 5; count++) void session.send(`alice ${'x'.repeat(200_000)}`)
          talk('alice')
          talk('ivan')
          if (ivan.isPaused) ivan.resume()
          else ivan.pause()
        }, 5),
      )
      const clients = [
        await silent(server, '/keep/bob'),
        await silent(server, '/idle/carol'),
        await silent(server, '/fail/dave'),
        await silent(server, '/refused/erin'),
        await silent(server, '/slow/frank'),
        await silent(server, '/keep/grace'),
        await silent(server, '/keep/heidi'),
      ]
      const grace = await sessions.get('grace')
      const heidi = await sessions.get('heidi')
      user.run('alice', () => grace.terminate())
      user.run('alice', () => void heidi.close())
      const bob = await sessions.get('bob')
      await Promise.all([bob.closed, (await sessions.get('carol')).closed, grace.closed])
      await user.run('alice', () => server.stop({ grace: 0, timeout: { milliseconds: 100 } }))
      clearInterval(work)
      alice.terminate()
      ivan.terminate()
      for (const client of clients) await client[Symbol.asyncDispose]()

      expect(seen.leaks).toEqual([])
      expect(seen.storesOf('compressIf of ivan')).not.toEqual([])
      expect(seen.storesOf('signal of bob')).toEqual(['bob'])
      expect(seen.storesOf('signal of grace')).toEqual(['grace'])
      expect(seen.storesOf('sessionClosed of bob')).toEqual(['bob'])
      expect(seen.storesOf('handlerFailed of dave')).toEqual(['dave'])
      expect(seen.storesOf('limitReached of carol')).toEqual(['carol'])
      expect(seen.storesOf('stopped of undefined')).toEqual([undefined])
      expect(seen.kinds).toEqual([
        'call.signal',
        'closed',
        'compressIf',
        'frameDropped',
        'handler',
        'handlerFailed',
        'interceptor',
        'latestBy',
        'launch',
        'launch signal',
        'limitReached',
        'logger',
        'origins',
        'protocols',
        'resolveOrigin',
        'sessionClosed',
        'sessionOpened',
        'signal',
        'stopped',
        'stopping',
        'upgradeRefused',
      ])
    })
  })
}

describe('the functions of a client', () => {
  it('see the store of the caller of connect(), at each attempt', async () => {
    const server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
      app.install(WebSockets)
      app.routing((route) => void route.webSocket('/', () => {}))
    }).start()
    const seen: Array<string | undefined> = []
    const note = (callback: string): void => void seen.push(`${callback} ${user.getStore()}`)
    const twice = new Deferred<void>()
    const connection = user.run('alice', () =>
      connect(
        () => {
          note('url')
          return `ws://127.0.0.1:${server.address.port}/`
        },
        {
          reconnect: {
            baseDelay: { milliseconds: 1 },
            shouldReconnect: () => {
              note('shouldReconnect')
              if (seen.length > 6) twice.resolve()
              return true
            },
          },
          opened: () => note('opened'),
        },
      ),
    )
    void user.run('bob', () => connection.whenOpen()).catch(() => {})

    await twice.promise
    await user.run('bob', () => connection.close())
    await server.stop({ grace: 0 })

    expect(new Set(seen)).toEqual(new Set(['opened alice', 'shouldReconnect alice', 'url alice']))
  })
})
