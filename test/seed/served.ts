/**
 * What the tests of the page share: an application behind one of the engines, and a client that
 * reads frames.
 */

import { afterEach } from 'vitest'
import {
  type Application,
  type DefaultWebSocketServerSession,
  WebSockets,
  type WebSocketsOptions,
} from '../../src/index.ts'
import type { Host, Served } from '../support/hosts.ts'
import type { Peer } from '../support/peer.ts'

/** An engine, whose time can be moved if it has one of its own. */
export type SeedHost = Host & { advance?: (ms: number) => Promise<void> }

type Handler = (session: DefaultWebSocketServerSession) => Promise<void> | void

/**
 * Serves applications, one for each test; after it all peers are gone, and the application is
 * stopped.
 */
export class Page {
  readonly host: SeedHost
  #served: Served | null = null
  #peers: Peer[] = []

  constructor(host: SeedHost) {
    this.host = host
    afterEach(async () => {
      for (const peer of this.#peers) peer.reset()
      this.#peers = []
      await this.#served?.stop()
      this.#served = null
    })
  }

  /** Serves what `module` sets up. */
  async serve(module: (app: Application) => void): Promise<Served> {
    const served = await this.host.serve(module)
    this.#served = served
    return {
      ...served,
      connect: async (path, headers) => {
        const peer = await served.connect(path, headers)
        this.#peers.push(peer)
        return peer
      },
    }
  }

  /** Serves `handler` at `/`, and connects to it. */
  async connect(handler: Handler, options: WebSocketsOptions = {}): Promise<Peer> {
    const served = await this.serve((app) => {
      app.install(WebSockets, options)
      app.routing((route) => {
        route.webSocket('/', handler)
      })
    })
    return served.connect('/')
  }

  /** The same; resolves with the session too, whose handler goes on until the session is over. */
  async open(options: WebSocketsOptions = {}): Promise<[Peer, DefaultWebSocketServerSession]> {
    let opened: (session: DefaultWebSocketServerSession) => void = () => {}
    const session = new Promise<DefaultWebSocketServerSession>((resolve) => {
      opened = resolve
    })
    const peer = await this.connect(async (own) => {
      opened(own)
      await own.closed
    }, options)
    return [peer, await session]
  }
}

/** Reads one text frame of the server, below 126 bytes; what else comes is shown as it is. */
export async function readText(peer: Peer): Promise<string> {
  const head = await peer.read(2)
  const [kind = '', length = ''] = head.split(' ')
  const payload = await peer.read(Number.parseInt(length, 16))
  if (kind !== '81') return `${head} ${payload}`.trim()
  return Buffer.from(payload.replaceAll(' ', ''), 'hex').toString()
}
