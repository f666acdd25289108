/**
 * The contract for every framework in which Towpath is mounted: the framework keeps working, and
 * upgrades use its login and its cookies.
 */

import { once } from 'node:events'
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
} from 'node:http'
import { createServer as createSecureServer, get as getSecurely } from 'node:https'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { certificate } from '../support/certificate.ts'
import { listen } from '../support/loopback.ts'

/** An application of the framework with Towpath in it, listening on a free port of loopback. */
export interface Mounted {
  readonly server: HttpServer | HttpsServer
  readonly port: number
  /** Stops everything in the way that the framework's documentation says. */
  stop(): Promise<void>
}

/**
 * Starts the framework. It answers `GET /plain` with `plain`, echoes at the WebSocket `/echo`, and
 * greets users by name at `/private`: `ada` with the password `secret` by Basic authentication. The
 * framework's own login answers 401 to others, and the framework's own cookie `seen` is in the 101
 * of `/private`.
 */
export type Mount = (serve: ServerOf, carrier: Carrier) => Promise<Mounted>

export type Carrier = 'TCP' | 'TLS'

/** Makes the server of a framework; over TLS in one half of the cases. */
export type ServerOf = (listener?: RequestListener) => HttpServer | HttpsServer

const LOGIN = `Basic ${Buffer.from('ada:secret').toString('base64')}`

export function mountSuite(name: string, mount: Mount, skipped: string | null): void {
  const title = skipped === null ? name : `${name} (skipped: ${skipped})`
  describe.skipIf(skipped !== null).each(['TCP', 'TLS'] as const)(`${title} over %s`, (carrier) => {
    const start = async (): Promise<World> => {
      const serve = carrier === 'TLS' ? secureServer : createServer
      return new World(carrier === 'TLS', await mount(serve, carrier))
    }

    it('answers plain requests', async () => {
      await using world = await start()

      expect(await world.plain('/plain')).toBe('plain')
    })

    it('runs sessions', async () => {
      await using world = await start()
      const socket = await world.open('/echo')

      socket.send('hello')

      expect(await nextMessage(socket)).toBe('hello')
    })

    it('refuses with the answer of its own login', async () => {
      await using world = await start()

      expect(await world.refused('/private')).toMatchObject({
        statusCode: 401,
        headers: { 'www-authenticate': expect.stringContaining('Basic') as string },
      })
    })

    it('lets a user in whom its own login knows, and puts its cookie on the 101', async () => {
      await using world = await start()
      const socket = world.socket('/private', { authorization: LOGIN })
      const upgraded = once(socket, 'upgrade') as Promise<[IncomingMessage]>
      const greeting = nextMessage(socket)

      const [{ headers }] = await upgraded
      expect(headers['set-cookie']?.join()).toMatch(/seen=/)
      expect(await greeting).toBe('hello, ada')
    })

    it('answers 404 where there is nothing', async () => {
      await using world = await start()

      expect((await world.refused('/missing')).statusCode).toBe(404)
    })

    it('shares the server with a WebSocketServer of ws', async () => {
      await using world = await start()
      const other = new WebSocketServer({ noServer: true })
      world.mounted.server.on(
        'upgrade',
        (request: IncomingMessage, stream: Duplex, head: Buffer) => {
          if (request.url !== '/other') return
          other.handleUpgrade(request, stream, head, (socket) => socket.send('from ws'))
        },
      )

      expect(await nextMessage(world.socket('/other'))).toBe('from ws')
      expect(await nextMessage(world.socket('/private', { authorization: LOGIN }))).toBe(
        'hello, ada',
      )
      other.close()
    })

    it('keeps its sessions beside a listener that destroys every socket', async () => {
      await using world = await start()
      world.mounted.server.on('upgrade', (_request, stream: Duplex) => stream.destroy())

      expect(await nextMessage(world.socket('/private', { authorization: LOGIN }))).toBe(
        'hello, ada',
      )
    })

    it('drains 100 sessions with 1001 when it stops', async () => {
      await using world = await start()
      const sockets = await Promise.all(Array.from({ length: 100 }, () => world.open('/echo')))
      const codes = sockets.map(async (socket) => {
        const [code] = (await once(socket, 'close')) as [number]
        return code
      })

      await world.stop()

      expect(new Set(await Promise.all(codes))).toEqual(new Set([1001]))
    })

    it('leaves no listener for upgrades behind when it has stopped', async () => {
      await using world = await start()

      await world.stop()

      expect(world.mounted.server.listenerCount('upgrade')).toBe(0)
      expect(world.mounted.server.listening).toBe(false)
    })
  })
}

class World implements AsyncDisposable {
  readonly mounted: Mounted
  readonly #isSecure: boolean
  readonly #sockets: WebSocket[] = []
  #stopped: Promise<void> | null = null

  constructor(isSecure: boolean, mounted: Mounted) {
    this.#isSecure = isSecure
    this.mounted = mounted
  }

  socket(path: string, headers: Record<string, string> = {}): WebSocket {
    const url = `${this.#isSecure ? 'wss' : 'ws'}://127.0.0.1:${this.mounted.port}${path}`
    const socket = new WebSocket(url, { headers, ca: certificate.cert })
    // What a test waits for fails by itself; the end of the world fails nothing.
    socket.on('error', () => {})
    this.#sockets.push(socket)
    return socket
  }

  async open(path: string): Promise<WebSocket> {
    const socket = this.socket(path)
    await once(socket, 'open')
    return socket
  }

  async refused(path: string): Promise<IncomingMessage> {
    const socket = this.socket(path)
    // `ws` emits the request and the response.
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    response.resume()
    return response
  }

  async plain(path: string): Promise<string> {
    const options = { host: '127.0.0.1', port: this.mounted.port, path, agent: false }
    const request = this.#isSecure
      ? getSecurely({ ...options, ca: certificate.cert })
      : get(options)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of response) body += String(chunk)
    return body
  }

  /** Rejects if the framework has not stopped in time. */
  stop(): Promise<void> {
    this.#stopped ??= inTime(this.mounted.stop())
    return this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    await this.stop()
  }
}

/** Below the 15 s after which an application gives up its sessions: who waits for that is stuck. */
const STOP_LIMIT_MS = 12_000

async function inTime(stopping: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    const late = new Error(`Cannot stop: it takes more than ${STOP_LIMIT_MS} ms`)
    // oxlint-disable-next-line no-restricted-globals -- a framework keeps real time
    timer = setTimeout(reject, STOP_LIMIT_MS, late)
  })
  await Promise.race([stopping, tooLate]).finally(() => clearTimeout(timer))
}

async function nextMessage(socket: WebSocket): Promise<string> {
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data.toString()
}

const secureServer: ServerOf = (listener) => createSecureServer(certificate, listener)

/** Listens, and stops `server` after `drained`: what frameworks without a stop of their own do. */
export async function mounted(
  server: HttpServer | HttpsServer,
  drain: () => Promise<unknown>,
): Promise<Mounted> {
  const port = await listen(server)
  return {
    server,
    port,
    async stop() {
      await drain()
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}
