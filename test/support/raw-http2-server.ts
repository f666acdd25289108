/**
 * A server of HTTP/2 made of frames: it does what a test says on each connection.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'

import { certificate } from './certificate.ts'
import { RawHttp2, Setting } from './raw-http2.ts'

/** SETTINGS of a server that allows WebSockets, and has room for large messages. */
export const WILLING: ReadonlyArray<readonly [number, number]> = [
  [Setting.ENABLE_CONNECT_PROTOCOL, 1],
  [Setting.INITIAL_WINDOW_SIZE, 256 * 1024],
]

/** The server. */
export interface RawHttp2Server extends AsyncDisposable {
  readonly port: number
  /** All connections that there were. */
  readonly connections: readonly RawHttp2[]
  /** Resolves with the next connection that nobody has waited for. */
  next(): Promise<RawHttp2>
}

interface RawHttp2ServerOptions {
  /** Without TLS, for clients with prior knowledge. */
  readonly cleartext?: boolean
  /** What ALPN chooses from. */
  readonly alpn?: string[]
  /** The first SETTINGS; `null`: none are sent. */
  readonly settings?: ReadonlyArray<readonly [number, number]> | null
  /** Takes connections that did not choose HTTP/2. */
  readonly http1?: (socket: Socket) => void
}

/** Listens on a free port of loopback. */
export async function rawHttp2Server(options: RawHttp2ServerOptions = {}): Promise<RawHttp2Server> {
  const { cleartext = false, alpn = ['h2'], settings = WILLING, http1 } = options
  const sockets: Socket[] = []
  const connections: RawHttp2[] = []
  let taken = 0
  let wakeUps: Array<() => void> = []
  const accept = (socket: Socket): void => {
    socket.on('error', () => {})
    if (!cleartext && (socket as TLSSocket).alpnProtocol !== 'h2') {
      http1?.(socket)
      return
    }
    const connection = new RawHttp2(socket, 'server')
    connections.push(connection)
    if (settings !== null) {
      connection.sendSettings(settings)
      connection.growWindow()
    }
    for (const wakeUp of wakeUps.splice(0)) wakeUp()
  }
  const server: Server = cleartext
    ? createServer({ noDelay: true }, accept)
    : createTlsServer({ ...certificate, ALPNProtocols: alpn, noDelay: true }, accept)
  server.on('connection', (socket: Socket) => sockets.push(socket))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    connections,
    async next() {
      while (connections.length <= taken) {
        await new Promise<void>((resolve) => {
          wakeUps = [...wakeUps, resolve]
        })
      }
      taken += 1
      return connections[taken - 1] as RawHttp2 // there is one, by the lines above
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}
