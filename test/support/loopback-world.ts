/**
 * One application in an HTTP server of this process: sessions whose clients are raw sockets, a
 * bystander who must not notice what happens to them, and a count of what is left.
 */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'

import {
  type Application,
  type CloseInfo,
  createApplication,
  type DefaultWebSocketServerSession,
  WebSockets,
  type WebSocketsOptions,
} from '../../src/index.ts'
import { attachIn } from '../../src/engines/node/attach.ts'
import { createEnvironment } from '../../src/engines/node/environment.ts'
import { tcpReactor } from '../../src/engines/node/transports/tcp-self-test.ts'
import { FaultedHandler } from './faulted-handler.ts'
import { handshakeHeaders } from './hosts.ts'
import { listen, RawClient } from './loopback.ts'
import { settled } from './memory-world.ts'
import { clientFrame } from './peer.ts'

/** The head of a request that opens a session on `path`. */
export function upgradeRequest(path: string): string {
  const lines = handshakeHeaders({}).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** A session and both of its ends. */
export interface LoopbackVictim {
  readonly client: RawClient
  readonly session: DefaultWebSocketServerSession
  readonly handler: FaultedHandler
  /** Bytes of the 101. */
  readonly headBytes: number
}

/** See above; made by `open`. */
export class LoopbackWorld {
  readonly server: Server
  readonly application: Application
  readonly port: number
  readonly failures: unknown[] = []
  readonly #environment = createEnvironment()
  readonly #bystander: RawClient
  readonly #opened: Array<(pair: Omit<LoopbackVictim, 'client' | 'headBytes'>) => void> = []
  #bystanderBytes = 0

  private constructor(
    server: Server,
    port: number,
    bystander: RawClient,
    options: WebSocketsOptions,
  ) {
    this.server = server
    this.port = port
    this.#bystander = bystander
    const fail = (facts: object): void => void this.failures.push(facts)
    const silent = (): void => {}
    this.application = createApplication(undefined, {
      logger: { debug: silent, info: silent, warn: fail, error: fail },
    })
    this.application.install(WebSockets, { maxConnectionsPerAddress: Infinity })
    this.application.routing((route) => {
      route.webSocket('/victim', options, (session) => {
        const handler = new FaultedHandler()
        this.#opened.shift()?.({ session, handler })
        return handler.serve(session)
      })
      route.webSocket('/bystander', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }

  /** The bystander's session is open. `options` are for the others. */
  static async open(
    transport: 'auto' | 'stream',
    options: WebSocketsOptions = {},
  ): Promise<LoopbackWorld> {
    const server = createServer()
    const port = await listen(server)
    const bystander = await RawClient.connect(port)
    const world = new LoopbackWorld(server, port, bystander, options)
    attachIn(world.#environment, world.application, server, { transport })
    // Streams carry what connects before the trial of the handle is over.
    await tcpReactor()
    await settled()
    bystander.send(upgradeRequest('/bystander'))
    world.#bystanderBytes = (await bystander.until(hasHead)).length
    return world
  }

  /** Opens a session that will be struck. */
  async connect(): Promise<LoopbackVictim> {
    const opened = new Promise<Omit<LoopbackVictim, 'client' | 'headBytes'>>((resolve) => {
      this.#opened.push(resolve)
    })
    const client = await RawClient.connect(this.port)
    client.send(upgradeRequest('/victim'))
    const head = await client.until(hasHead)
    return { client, headBytes: head.length, ...(await opened) }
  }

  /**
   * The bystander says something and is answered. What was written before has been read by then.
   */
  async bystanderEchoes(): Promise<string> {
    this.#bystander.send(clientFrame('text', 'hi'))
    const from = this.#bystanderBytes
    this.#bystanderBytes += 4
    const text = await this.#bystander.until(({ length }) => length >= from + 4)
    return text.slice(from)
  }

  /**
   * Resolves with how `victim` ended once its handler has returned and the application has let go
   * of it.
   */
  async ended({ session, handler }: LoopbackVictim): Promise<CloseInfo> {
    const info = await session.closed
    await handler.returned
    await settled()
    return info
  }

  /** The bystander leaves. Resolves once the server has no socket left, with what else there is. */
  async leftovers(): Promise<{ sessions: number; timers: number; failures: readonly unknown[] }> {
    this.#bystander.socket.end()
    await this.#bystander.closed
    this.server.close()
    await once(this.server, 'close')
    await settled()
    return {
      sessions: this.application.sessions.size,
      timers: this.#environment.timers.size,
      failures: this.failures,
    }
  }
}

function hasHead(text: string): boolean {
  return text.includes('\r\n\r\n')
}
