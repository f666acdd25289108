/**
 * A server that a test writes byte by byte: it accepts a connection, reads the head of a request,
 * and then does what the test says.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { acceptKey } from '../../src/protocol/index.ts'
import { certificate } from './certificate.ts'

/** One connection whose request has been read. */
export interface RawCall {
  readonly socket: Socket
  /** Request line and headers, as they came. */
  readonly head: string
  /** What came behind the head. */
  readonly rest: Buffer
}

/** A server of bytes. */
export interface RawServer extends AsyncDisposable {
  readonly port: number
  /** Whatever connections there are, open ones and those that have ended. */
  readonly sockets: readonly Socket[]
}

/**
 * Listens on a free port of loopback, or at `path`. Calls `serve` for each request. Bytes that are
 * sent apart arrive apart.
 */
export async function rawServer(
  serve: (call: RawCall) => void,
  options: { readonly tls?: object; readonly path?: string } = {},
): Promise<RawServer> {
  const sockets: Socket[] = []
  const accept = (socket: Socket): void => {
    sockets.push(socket)
    socket.on('error', () => {})
    readHead(socket, serve)
  }
  const server: Server =
    options.tls === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true }, accept)
      : createTlsServer(
          { ...certificate, ...options.tls, allowHalfOpen: true, noDelay: true },
          accept,
        )
  const carriers: Socket[] = []
  server.on('connection', (socket: Socket) => carriers.push(socket))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => {
    if (options.path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(options.path, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address as AddressInfo).port : 0,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of [...sockets, ...carriers]) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** The 101 that answers `head`, with more headers if there are any. */
export function switchingHead(head: string, more: readonly string[] = []): string {
  const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? ''
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    ...more,
    '',
    '',
  ].join('\r\n')
}

function readHead(socket: Socket, serve: (call: RawCall) => void): void {
  let bytes = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    socket.off('data', onData)
    serve({
      socket,
      head: bytes.subarray(0, end + 4).toString('latin1'),
      rest: bytes.subarray(end + 4),
    })
  }
  socket.on('data', onData)
}
