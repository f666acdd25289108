/**
 * The engines as a suite sees them: an application behind one, and peers made of bytes in front of
 * it.
 */

import { type Application, createApplication } from '../../src/index.ts'
import type { MemoryLink } from '../../src/engines/memory/internal.ts'
import { memoryEnvironment, memoryPeer, settled } from './memory-world.ts'
import type { Peer } from './peer.ts'

/** An application that is being served. */
export interface Served {
  /** Opens a WebSocket on `path` and resolves after the 101. `headers` are added to the request. */
  connect(path?: string, headers?: Readonly<Record<string, string>>): Promise<Peer>
  /** What has begun comes to rest, as far as that can be waited for. */
  settle(): Promise<void>
  stop(): Promise<unknown>
}

/** One engine. */
export interface Host {
  readonly name: string
  serve(module: (app: Application) => void): Promise<Served>
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The engine in memory; `advance` moves its time. */
export function memoryHost(): Host & {
  advance(ms: number): Promise<void>
  readonly links: MemoryLink[]
} {
  const environment = memoryEnvironment()
  const links: MemoryLink[] = []
  return {
    name: 'memory',
    links,
    advance: (ms) => environment.clock.advance(ms),
    serve(module) {
      const app = createApplication(module)
      return Promise.resolve({
        async connect(path = '/', headers = {}) {
          const { peer, link, transport } = memoryPeer(environment)
          links.push(link)
          const outcome = await app.upgrade(
            {
              method: 'GET',
              target: path,
              httpVersion: '1.1',
              rawHeaders: handshakeHeaders(headers).flat(),
              hasBody: false,
              local: transport.local,
              remote: transport.remote,
              encrypted: false,
            },
            environment,
            new AbortController().signal,
          )
          if (outcome.type !== 'accepted') throw new Error(`not upgraded: ${outcome.type}`)
          outcome.start(transport)
          return peer
        },
        settle: settled,
        async stop() {
          const stopped = app.stop({ grace: 0, timeout: 1000 })
          await environment.clock.advance(20_000)
          return stopped
        },
      })
    },
  }
}

/** The headers of an opening handshake, and `extra` ones. */
export function handshakeHeaders(extra: Readonly<Record<string, string>>): [string, string][] {
  return [
    ['Host', 'localhost'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', extra['Sec-WebSocket-Key'] ?? KEY],
    ...Object.entries(extra).filter(([name]) => name !== 'Sec-WebSocket-Key'),
  ]
}
