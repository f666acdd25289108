/**
 * One end of HTTP/2 made of frames (RFC 9113): it sends what a test writes down, which Node's own
 * module cannot always do. A lone RST_STREAM, for example, it sends behind an END_STREAM.
 */

import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { Deferred } from '../../src/base/internal.ts'
import { certificate } from './certificate.ts'
import { Peer } from './peer.ts'

export const FrameKind = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4
const NO_ERROR = 0
const CANCEL = 8

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
/** The identifiers of SETTINGS. */
export const Setting = {
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  ENABLE_CONNECT_PROTOCOL: 8,
} as const
/** What we let the server send on a stream before it is read. */
const STREAM_WINDOW = 256 * 1024
const MAX_DATA_BYTES = 16_384

/** How long the codes of `0` to `9` are that begin with each of them (RFC 7541, Appendix B). */
const DIGIT_CODES = '0123456789'.split('').map((digit, value) => {
  const isShort = value < 3
  const code = isShort ? value : 0b01_1001 + value - 3
  return [code.toString(2).padStart(isShort ? 5 : 6, '0'), digit] as const
})

/** Reads the status of an answer, which nghttp2 writes first. */
function statusOf(payload: Buffer): number {
  const first = payload[0] ?? 0
  const indexed = INDEXED_STATUS[first]
  if (indexed !== undefined) return indexed
  // A literal with the indexed name `:status`, mostly in Huffman code.
  const size = payload[1] ?? 0
  if (size < 128) return Number(payload.toString('latin1', 2, 2 + size))
  let bits = [...payload.subarray(2, 2 + (size & 127))]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  let digits = ''
  while (digits.length < 3) {
    const found = DIGIT_CODES.find(([code]) => bits.startsWith(code))
    if (found === undefined) return NaN
    bits = bits.slice(found[0].length)
    digits += found[1]
  }
  return Number(digits)
}

const INDEXED_200 = 0x88

/** How nghttp2 writes the statuses that have an index (RFC 7541, Appendix A). */
const INDEXED_STATUS: Readonly<Record<number, number>> = {
  0x88: 200,
  0x89: 204,
  0x8b: 304,
  0x8c: 400,
  0x8d: 404,
  0x8e: 500,
}

/** One frame. */
export function frame(kind: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = kind
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Headers as literals without Huffman coding (RFC 7541 §6.2.2). */
export function literals(headers: ReadonlyArray<readonly [string, string]>): Buffer {
  const parts = headers.map(([name, value]) =>
    Buffer.concat([Buffer.from([0]), text(name), text(value)]),
  )
  return Buffer.concat(parts)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  const length = [Math.min(bytes.length, 127)]
  for (let rest = bytes.length - 127; length[0] === 127; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : 128 + (rest % 128))
    if (rest < 128) break
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

/** The headers of an extended CONNECT, and `extra` ones. */
export function connectHeaders(
  path: string,
  extra: Readonly<Record<string, string>> = {},
): Array<readonly [string, string]> {
  return [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', 'https'],
    [':path', path],
    [':authority', 'localhost'],
    ['sec-websocket-version', '13'],
    ...Object.entries(extra).map(([name, value]) => [name.toLowerCase(), value] as const),
  ]
}

/** A frame as it came. */
export interface ReceivedFrame {
  readonly kind: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** What a stream of ours is told. */
interface StreamListener {
  headers(payload: Buffer): void
  data(bytes: Buffer): void
  ended(): void
  reset(code: number): void
  /** The stream's window grew by `bytes`; 0: that of the connection did. */
  windowGrew(bytes: number): void
  lost(cause: Error | null): void
}

/** One connection. */
export class RawHttp2 implements AsyncDisposable {
  /** All frames that came, but DATA. */
  readonly frames: ReceivedFrame[] = []
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  sendWindow = 65_535
  streamSendWindow = 65_535
  /** Whether the server lets clients send `:protocol`. */
  allowsConnect = false
  readonly socket: Socket
  readonly #listeners = new Map<number, StreamListener>()
  readonly #settings = new Deferred<void>()
  readonly #pings: Array<Deferred<void>> = []
  #wakeUps: Array<() => void> = []
  /** Streams that the other end has ended or reset. */
  readonly over = new Set<number>()
  readonly #requests: number[] = []
  #received: Buffer = Buffer.alloc(0)
  #nextStream = 1
  /** Bytes of the client's preface that a server has not read yet. */
  #prefaceLeft = 0
  /** Nothing may go out before our SETTINGS. */
  #hasSettled = false
  #owesAck = false

  /** @param role a server sends nothing by itself, so that a test can write its SETTINGS. */
  constructor(socket: Socket, role: 'client' | 'server' = 'client') {
    this.socket = socket
    let cause: Error | null = null
    socket.on('error', (error) => {
      cause = error
    })
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        for (const listener of this.#listeners.values()) listener.lost(cause)
        for (const ping of this.#pings.splice(0)) ping.resolve()
        this.#wake()
        resolve()
      })
    })
    if (role === 'server') {
      this.#prefaceLeft = PREFACE.length
      return
    }
    socket.write(PREFACE)
    this.sendSettings([[Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW]])
    this.growWindow()
  }

  sendSettings(settings: ReadonlyArray<readonly [id: number, value: number]>): void {
    const payload = settings.map(([id, value]) => {
      const entry = Buffer.alloc(6)
      entry.writeUInt16BE(id, 0)
      entry.writeUInt32BE(value, 2)
      return entry
    })
    this.#hasSettled = true
    this.send(FrameKind.SETTINGS, 0, 0, Buffer.concat(payload))
    if (this.#owesAck) this.#acknowledge()
  }

  /** Lets the other end send without a limit of the connection. */
  growWindow(): void {
    this.socket.write(windowUpdate(0, 2 ** 31 - 1 - 65_535))
  }

  /** Connects over TLS, and resolves when the server's SETTINGS have come. */
  static async connect(port: number): Promise<RawHttp2> {
    const tcp = connectTcp({ host: '127.0.0.1', port, noDelay: true })
    const options = { socket: tcp, ca: certificate.cert, servername: 'localhost' }
    const socket = connectTls({ ...options, ALPNProtocols: ['h2'] })
    const connection = new RawHttp2(socket)
    await Promise.race([connection.#settings.promise, connection.closed])
    return connection
  }

  /** The same without TLS, with prior knowledge. */
  static async connectPlainly(port: number): Promise<RawHttp2> {
    const connection = new RawHttp2(connectTcp({ host: '127.0.0.1', port, noDelay: true }))
    await Promise.race([connection.#settings.promise, connection.closed])
    return connection
  }

  send(kind: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): void {
    if (this.socket.writable) this.socket.write(frame(kind, flags, stream, payload))
  }

  /** Sends the headers of a request on a new stream. @returns its number. */
  request(headers: ReadonlyArray<readonly [string, string]>, flags: number = END_HEADERS): number {
    const stream = this.#nextStream
    this.#nextStream += 2
    this.send(FrameKind.HEADERS, flags, stream, literals(headers))
    return stream
  }

  /** Opens a WebSocket, and resolves after the 200. */
  open(path: string, extra: Readonly<Record<string, string>> = {}): Promise<Peer> {
    const stream = this.request(connectHeaders(path, extra))
    return new Promise((resolve, reject) => {
      this.#listeners.set(stream, this.#stream(stream, resolve, reject))
    })
  }

  /** For a server: resolves with the number of the next stream that the client opens. */
  async nextRequest(): Promise<number> {
    await this.until(() => this.#requests.length > 0)
    return this.#requests.shift() ?? 0 // there is one, by the line above
  }

  /** For a server: answers a request with headers alone, and ends the stream if `flags` say so. */
  answer(
    stream: number,
    headers: ReadonlyArray<readonly [string, string]>,
    flags: number = END_HEADERS,
  ): void {
    this.send(FrameKind.HEADERS, flags, stream, literals(headers))
  }

  /** For a server: accepts a WebSocket. */
  accept(stream: number, more: ReadonlyArray<readonly [string, string]> = []): Peer {
    let peer: Peer | null = null
    const ignore = (): void => {}
    this.#listeners.set(
      stream,
      this.#stream(
        stream,
        (made) => {
          peer = made
        },
        ignore,
      ),
    )
    this.#listeners.get(stream)?.headers(Buffer.from([INDEXED_200]))
    this.answer(stream, [[':status', '200'], ...more])
    return peer as unknown as Peer // the listener has just been told of its 200
  }

  /** Resolves when the other end has read all that was sent before. */
  async settle(): Promise<void> {
    const ping = new Deferred<void>()
    this.#pings.push(ping)
    this.send(FrameKind.PING, 0, 0, Buffer.alloc(8))
    await ping.promise
  }

  /** Resolves once `ready` says so, and rejects if the connection ends before. */
  async until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      if (this.socket.closed) throw new Error('Cannot wait: the connection has ended')
      await new Promise<void>((resolve) => this.#wakeUps.push(resolve))
    }
  }

  /** Resolves with the status of the answer on `stream`. */
  async status(stream: number): Promise<number> {
    const isIt = (each: ReceivedFrame): boolean =>
      each.kind === FrameKind.HEADERS && each.stream === stream
    await this.until(() => this.frames.some(isIt))
    return statusOf(this.frames.find(isIt)?.payload ?? Buffer.alloc(0))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.closed
  }

  #stream(
    stream: number,
    opened: (peer: Peer) => void,
    refused: (error: Error) => void,
  ): StreamListener {
    const waiting: Buffer[] = []
    let unread = 0
    let isPaused = false
    let window = this.streamSendWindow
    let hasEnded = false
    let isOver = { here: false, there: false }
    const finish = (cause: Error | null): void => {
      this.#listeners.delete(stream)
      peer.carrierClosed(cause)
    }
    const flush = (): void => {
      while (waiting.length > 0 && window > 0 && this.sendWindow > 0) {
        const first = waiting[0] ?? Buffer.alloc(0)
        const size = Math.min(first.length, window, this.sendWindow, MAX_DATA_BYTES)
        this.send(FrameKind.DATA, 0, stream, first.subarray(0, size))
        window -= size
        this.sendWindow -= size
        if (size === first.length) waiting.shift()
        else waiting[0] = first.subarray(size)
      }
      if (!hasEnded || waiting.length > 0 || isOver.here) return
      isOver = { ...isOver, here: true }
      this.send(FrameKind.DATA, END_STREAM, stream)
      if (isOver.there) finish(null)
    }
    const giveBack = (): void => {
      if (isPaused || unread === 0 || isOver.there) return
      this.send(FrameKind.WINDOW_UPDATE, 0, stream, code(unread))
      unread = 0
    }
    const peer = new Peer({
      write: (bytes) => {
        if (bytes.length > 0) waiting.push(Buffer.from(bytes))
        flush()
      },
      end: () => {
        hasEnded = true
        flush()
      },
      reset: () => {
        this.send(FrameKind.RST_STREAM, 0, stream, code(CANCEL))
        finish(null)
      },
      pause: () => {
        isPaused = true
      },
      resume: () => {
        isPaused = false
        giveBack()
      },
    })
    return {
      headers: (payload) => {
        if (payload[0] === INDEXED_200) opened(peer)
        else refused(new Error(`not upgraded: ${statusOf(payload)}`))
      },
      data: (bytes) => {
        peer.inbox.push(bytes)
        unread += bytes.length
        giveBack()
      },
      ended: () => {
        isOver = { ...isOver, there: true }
        peer.inbox.end()
        if (isOver.here) finish(null)
      },
      reset: (reason) => {
        const error = Object.assign(new Error('reset'), { code: 'ECONNRESET', rstCode: reason })
        refused(error)
        finish(reason === NO_ERROR ? null : error)
      },
      windowGrew: (bytes) => {
        window += bytes
        flush()
      },
      lost: (cause) => {
        refused(cause ?? new Error('the connection has ended'))
        finish(cause)
      },
    }
  }

  #read(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes.subarray(this.#prefaceLeft)])
    this.#prefaceLeft = Math.max(0, this.#prefaceLeft - bytes.length)
    while (this.#received.length >= 9) {
      const size = this.#received.readUIntBE(0, 3)
      if (this.#received.length < 9 + size) break
      const head = this.#received
      this.#received = head.subarray(9 + size)
      this.#take({
        kind: head[3] ?? 0,
        flags: head[4] ?? 0,
        stream: head.readUInt32BE(5) & 0x7fff_ffff,
        payload: head.subarray(9, 9 + size),
      })
    }
    this.#wake()
  }

  #take(received: ReceivedFrame): void {
    const { kind, flags, stream, payload } = received
    if (kind !== FrameKind.DATA) this.frames.push(received)
    const listener = this.#listeners.get(stream)
    if (kind === FrameKind.SETTINGS && (flags & ACK) === 0) this.#settle(payload)
    else if (kind === FrameKind.PING && (flags & ACK) !== 0) this.#pings.shift()?.resolve()
    else if (kind === FrameKind.PING) this.send(FrameKind.PING, ACK, 0, payload)
    else if (kind === FrameKind.WINDOW_UPDATE) this.#grow(stream, payload.readUInt32BE(0))
    else if (kind === FrameKind.HEADERS && listener === undefined) this.#requests.push(stream)
    else if (kind === FrameKind.HEADERS) listener?.headers(payload)
    else if (kind === FrameKind.RST_STREAM) listener?.reset(payload.readUInt32BE(0))
    else if (kind === FrameKind.DATA && payload.length > 0) listener?.data(payload)
    const mayEnd = kind === FrameKind.DATA || kind === FrameKind.HEADERS
    const isEnd = mayEnd && (flags & END_STREAM) !== 0
    if (isEnd || kind === FrameKind.RST_STREAM) this.over.add(stream)
    if (isEnd) listener?.ended()
  }

  #settle(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2)
      const name = payload.readUInt16BE(at)
      if (name === Setting.INITIAL_WINDOW_SIZE) this.streamSendWindow = value
      if (name === Setting.ENABLE_CONNECT_PROTOCOL) this.allowsConnect = value === 1
    }
    if (this.#hasSettled) this.#acknowledge()
    else this.#owesAck = true
    this.#settings.resolve()
  }

  #acknowledge(): void {
    this.#owesAck = false
    this.send(FrameKind.SETTINGS, ACK, 0)
  }

  #grow(stream: number, bytes: number): void {
    if (stream === 0) {
      this.sendWindow += bytes
      for (const listener of this.#listeners.values()) listener.windowGrew(0)
      return
    }
    this.#listeners.get(stream)?.windowGrew(bytes)
  }

  #wake(): void {
    for (const wakeUp of this.#wakeUps.splice(0)) wakeUp()
  }
}

/** The payload of RST_STREAM and of WINDOW_UPDATE. */
export function code(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function windowUpdate(stream: number, bytes: number): Buffer {
  return frame(FrameKind.WINDOW_UPDATE, 0, stream, code(bytes))
}
