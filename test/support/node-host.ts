/**
 * The engine on Node's sockets as a suite sees it, over loopback.
 */

import { randomBytes } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { connect, createServer } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { createApplication, embeddedServer, handleUpgrade } from '../../src/index.ts'
import { certificate } from './certificate.ts'
import { type Host, handshakeHeaders } from './hosts.ts'
import { Peer } from './peer.ts'
import { RawHttp2 } from './raw-http2.ts'

/** The engine on Node's sockets, over loopback. */
export function nodeHost(transport: 'auto' | 'stream' = 'auto'): Host {
  return {
    name: `node (${transport})`,
    async serve(module) {
      const server = embeddedServer(
        { port: 0, host: '127.0.0.1', signals: false, transport },
        module,
      )
      await server.start()
      const { port } = server.address
      return {
        connect: (path = '/', headers = {}) => connectSocket(port, path, headers),
        settle: loopbackTurn,
        stop: () => server.stop({ grace: 0, timeout: 1000 }),
      }
    },
  }
}

/** The same under TLS. */
export function tlsHost(): Host {
  return {
    name: 'node (TLS)',
    async serve(module) {
      const server = embeddedServer(
        { port: 0, host: '127.0.0.1', signals: false, tls: certificate },
        module,
      )
      await server.start()
      const { port } = server.address
      return {
        connect: (path = '/', headers = {}) => connectSecurely(port, path, headers),
        settle: loopbackTurn,
        stop: () => server.stop({ grace: 0, timeout: 1000 }),
      }
    },
  }
}

/** The same over HTTP/2: all peers are streams of one connection. */
export function http2Host(): Host {
  return {
    name: 'node (HTTP/2)',
    async serve(module) {
      const server = embeddedServer(
        { port: 0, host: '127.0.0.1', signals: false, tls: certificate, http2: true },
        module,
      )
      await server.start()
      const connection = await RawHttp2.connect(server.address.port)
      return {
        connect: (path = '/', headers = {}) => connection.open(path, headers),
        async settle() {
          await connection.settle()
          await loopbackTurn()
        },
        async stop() {
          const counts = await server.stop({ grace: 0, timeout: 1000 })
          await connection[Symbol.asyncDispose]()
          return counts
        },
      }
    },
  }
}

/** Streams that are no sockets, which a program gives to `handleUpgrade`. */
export function duplexHost(): Host {
  return {
    name: 'node (Duplex)',
    serve(module) {
      const app = createApplication(module)
      const server = createHttpServer()
      server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
        void handleUpgrade(app, request, stream, head)
      })
      return Promise.resolve({
        connect(path = '/', headers = {}) {
          const [ours, theirs] = duplexPair({ allowHalfOpen: true })
          // A pair does not tell one end that the other is gone.
          ours.once('close', () => theirs.destroy())
          theirs.once('close', () => ours.destroy())
          server.emit('connection', theirs)
          const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
          const carrier = { resetAndDestroy: () => theirs.destroy(lost) }
          return upgradedPeer(ours, carrier, path, headers)
        },
        settle: loopbackTurn,
        stop: () => app.stop({ grace: 0, timeout: 1000 }),
      })
    },
  }
}

/** Connects over TCP and resolves after the 101; bytes behind it are the peer's. */
export function connectSocket(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  // Without delay, so that bytes sent apart arrive apart.
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  return upgradedPeer(socket, socket, path, headers)
}

/** The same over TLS. */
export function connectSecurely(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  const tcp = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  const socket = connectTls({ socket: tcp, ca: certificate.cert, servername: 'localhost' })
  return upgradedPeer(socket, tcp, path, headers)
}

/** Asks for a session over `socket`, which `tcp` carries. */
function upgradedPeer(
  socket: Duplex,
  tcp: { resetAndDestroy(): unknown },
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Peer> {
  const peer = new Peer({
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    reset: () => void tcp.resetAndDestroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  })
  let head = Buffer.alloc(0)
  let upgraded = false
  let failure: Error | null = null
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      if (upgraded) {
        peer.inbox.push(chunk)
        return
      }
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const status = head.subarray(9, 12).toString()
      if (status !== '101') {
        reject(new Error(`not upgraded: ${head.toString('latin1')}`))
        return
      }
      upgraded = true
      resolve(peer)
      if (head.length > end + 4) peer.inbox.push(head.subarray(end + 4))
    })
    socket.on('end', () => peer.inbox.end())
    socket.on('error', (error) => {
      failure = error
      reject(error)
    })
    socket.on('close', () => peer.carrierClosed(failure))
    const lines = handshakeHeaders(headers).map(([name, value]) => `${name}: ${value}`)
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  })
}

/** Resolves after a whole round trip over loopback: what was sent before it has been read. */
export async function loopbackTurn(): Promise<void> {
  const echo = createServer((socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => {
    echo.listen(0, '127.0.0.1', resolve)
  })
  const address = echo.address()
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0)
  const token = randomBytes(8)
  await new Promise((resolve) => {
    socket.once('data', resolve)
    socket.write(token)
  })
  socket.destroy()
  echo.close()
}
