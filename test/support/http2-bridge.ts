/**
 * Bridges between HTTP/1.1 and HTTP/2, so that suites that speak TCP run through streams: all
 * connections on one side are streams of one HTTP/2 connection on the other. The end of TCP is
 * END_STREAM, and its reset is RST_STREAM with CANCEL (RFC 8441 §5).
 */

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  createSecureServer,
  type Http2Stream,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

import { certificate } from './certificate.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Headers of one hop, which the other side does not get. */
const HOP = /^(host|connection|upgrade|keep-alive|sec-websocket-(key|accept))$/i

/** A bridge that listens on loopback. */
export interface Bridge extends AsyncDisposable {
  readonly port: number
  /** How many HTTP/2 connections there were. */
  readonly connections: () => number
}

/** Takes upgrades of HTTP/1.1, and opens each as a stream at the server on `port`. */
export async function bridgeToServer(port: number): Promise<Bridge> {
  const http2 = connectHttp2(`https://localhost:${port}`, { ca: certificate.cert })
  await once(http2, 'remoteSettings')
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    void readHead(socket).then(({ lines, rest }) => openStream(http2, socket, lines, rest))
  })
  const listening = await listen(server)
  return {
    port: listening,
    connections: () => 1,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      http2.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Takes streams of HTTP/2, and opens each as an upgrade of HTTP/1.1 at the server on `port`. */
export async function bridgeToClientSuite(port: number): Promise<Bridge> {
  const connections: ServerHttp2Session[] = []
  const server = createSecureServer({
    ...certificate,
    settings: { enableConnectProtocol: true },
  })
  server.on('session', (session) => connections.push(session))
  server.on('stream', (stream, headers) => void openUpgrade(port, stream, headers))
  const listening = await listen(server)
  return {
    port: listening,
    connections: () => connections.length,
    async [Symbol.asyncDispose]() {
      for (const session of connections) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port // it listens on TCP
}

interface Head {
  /** The first line, and the headers. */
  readonly lines: readonly string[]
  /** The bytes behind the head. */
  readonly rest: Buffer
}

/** Resolves never if the socket ends before its head. */
function readHead(socket: Socket): Promise<Head> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const read = (bytes: Buffer): void => {
      received = Buffer.concat([received, bytes])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', read).pause()
      const lines = received.toString('latin1', 0, end).split('\r\n')
      resolve({ lines, rest: received.subarray(end + 4) })
    }
    socket.on('data', read)
  })
}

/** The headers that the other side gets, by name. */
function endToEnd(lines: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {}
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (!HOP.test(name)) (headers[name] ??= []).push(line.slice(colon + 1).trim())
  }
  return headers
}

function openStream(
  http2: ClientHttp2Session,
  socket: Socket,
  lines: readonly string[],
  rest: Buffer,
): void {
  const [, path = '/'] = lines[0]?.split(' ') ?? []
  const key =
    lines
      .find((line) => /^sec-websocket-key:/i.test(line))
      ?.split(':')[1]
      ?.trim() ?? ''
  const headers = Object.entries(endToEnd(lines)).map(
    // Node joins a list with "; " or refuses it: the header is one value, as for HTTP/1.1.
    ([name, values]) => [name, values.join(', ')] as const,
  )
  const stream = http2.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': path,
      ...Object.fromEntries(headers),
    },
    { endStream: false },
  )
  stream.on('error', () => {})
  socket.once('close', () => {
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL)
  })
  stream.once('response', (answer) => {
    if (answer[':status'] !== 200) {
      socket.write(headOf(`HTTP/1.1 ${answer[':status']} Refused`, answer, ['Connection: close']))
      stream.pipe(socket)
      stream.end()
      return
    }
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64')
    const hop = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
    socket.write(headOf('HTTP/1.1 101 Switching Protocols', answer, hop))
    if (rest.length > 0) stream.write(rest)
    join(socket, stream)
  })
}

function headOf(first: string, answer: IncomingHttpHeaders, hop: readonly string[]): string {
  const headers = Object.entries(answer)
    .filter(([name]) => !name.startsWith(':') && !HOP.test(name))
    .map(([name, value]) => `${name}: ${String(value)}`)
  return [first, ...hop, ...headers, '', ''].join('\r\n')
}

async function openUpgrade(
  port: number,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {})
  stream.on('error', () => {})
  stream.once('close', () => {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) socket.destroy()
  })
  const key = randomBytes(16).toString('base64')
  const hop = [`Host: localhost:${port}`, 'Upgrade: websocket', 'Connection: Upgrade']
  const path = headers[':path'] ?? '/'
  socket.write(headOf(`GET ${path} HTTP/1.1`, headers, [...hop, `Sec-WebSocket-Key: ${key}`]))
  const { lines, rest } = await readHead(socket)
  const status = Number(lines[0]?.split(' ')[1])
  if (stream.destroyed) return
  // Over HTTP/2, 200 opens a session: a server of HTTP/1.1 that says it has refused.
  stream.respond({
    ':status': status === 101 ? 200 : status === 200 ? 502 : status,
    ...endToEnd(lines),
  })
  if (rest.length > 0) stream.write(rest)
  join(socket, stream)
}

/** Passes bytes, ends and resets on, in both directions. */
function join(socket: Socket, stream: Http2Stream): void {
  socket.pipe(stream)
  stream.on('data', (bytes: Buffer) => {
    if (socket.write(bytes)) return
    stream.pause()
    socket.once('drain', () => stream.resume())
  })
  stream.once('end', () => {
    // Node reports a reset as an end, too.
    if (!stream.aborted && !isReset(stream)) socket.end()
  })
  stream.once('close', () => {
    if (isReset(stream)) socket.resetAndDestroy()
    else socket.end()
  })
  socket.once('close', () => {
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL)
  })
}

function isReset({ rstCode }: Http2Stream): boolean {
  return rstCode !== undefined && rstCode !== constants.NGHTTP2_NO_ERROR
}
