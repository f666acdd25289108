/**
 * What lies between Node's client of HTTP/2 and the socket. Node's client sends valid requests
 * only, and hides how a stream ended. This replaces the headers that it sends, adds frames of a
 * case, and watches the frames that the server sends.
 */

import { Duplex } from 'node:stream'

import {
  ACK,
  CANCEL,
  ENABLE_CONNECT_PROTOCOL,
  END_HEADERS,
  END_STREAM,
  type Field,
  frameBytes,
  FrameKind,
  FrameSplitter,
  headerBlock,
  type Http2Frame,
  PROTOCOL_ERROR,
} from './http2-frames.ts'

const PREFACE_BYTES = 24

/** How the server has ended a stream, as far as it has. */
export interface StreamFacts {
  /** Whether it has sent END_STREAM. */
  readonly isEnded: boolean
  /** The code of its RST_STREAM; `null`: none. */
  readonly reset: number | null
  /** Whether Node's client has reset the stream, because an answer was malformed. */
  readonly isMalformed: boolean
}

/** How a request is written. */
export interface RequestForm {
  readonly fields: readonly Field[]
  /** Whether its header block is cut into HEADERS and CONTINUATION. */
  readonly isSplit?: boolean
  /** Whether its HEADERS has END_STREAM. */
  readonly endsStream?: boolean
}

/** A socket for Node's client. */
export class Http2Wire extends Duplex {
  /** The values of SETTINGS_ENABLE_CONNECT_PROTOCOL, in order; `null`: no SETTINGS has come. */
  connectProtocol: readonly number[] | null = null
  /** Whether the server has sent GOAWAY. */
  isGoingAway = false
  /** Is called after each frame of the server. */
  onFrame: () => void = () => {}
  readonly #socket: Duplex
  readonly #facts = new Map<number, StreamFacts>()
  readonly #requests: RequestForm[] = []
  /**
   * Bytes of DATA that Node's client does not know of, by stream; 0 for the connection. The server
   * gives them back by WINDOW_UPDATE, which would make the windows of Node's client too large.
   */
  readonly #unknown = new Map<number, number>()
  readonly #sent = new FrameSplitter((frame) => this.#send(frame))
  readonly #received = new FrameSplitter((frame) => this.#watch(frame))
  #preface = PREFACE_BYTES

  constructor(socket: Duplex) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    socket.on('data', (bytes: Uint8Array) => {
      this.#received.push(bytes)
      if (this.#received.isOver) this.destroy(new Error('A frame is larger than allowed'))
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  /** What is known of a stream. */
  factsOf(stream: number): StreamFacts {
    return this.#facts.get(stream) ?? { isEnded: false, reset: null, isMalformed: false }
  }

  /** The next request that Node's client sends is written so. */
  writeNext(form: RequestForm): void {
    this.#requests.push(form)
  }

  /** Sends a frame that Node's client does not know of. */
  inject(frame: Http2Frame): void {
    const { kind, stream, payload } = frame
    if (kind === FrameKind.DATA) {
      for (const id of [0, stream]) this.#unknown.set(id, this.#unknownOf(id) + payload.length)
    }
    if (this.#socket.writable) this.#socket.write(frameBytes(frame))
  }

  /** Sends RST_STREAM with CANCEL, as for a TCP reset (RFC 8441 §5). */
  cancel(stream: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(CANCEL)
    this.inject({ kind: FrameKind.RST_STREAM, flags: 0, stream, payload })
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const preface = chunk.subarray(0, this.#preface)
    this.#preface -= preface.length
    if (preface.length > 0) this.#socket.write(preface)
    this.#sent.push(chunk.subarray(preface.length))
    if (this.#socket.writableNeedDrain && !this.#socket.destroyed) {
      this.#socket.once('drain', done)
    } else done()
  }

  override _final(done: () => void): void {
    this.#socket.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #send(frame: Http2Frame): void {
    if (frame.kind === FrameKind.RST_STREAM && codeOf(frame) === PROTOCOL_ERROR) {
      this.#facts.set(frame.stream, { ...this.factsOf(frame.stream), isMalformed: true })
    }
    const form = frame.kind === FrameKind.HEADERS ? this.#requests.shift() : undefined
    if (form === undefined) {
      if (this.#socket.writable) this.#socket.write(frameBytes(frame))
      return
    }
    const { stream } = frame
    const end = form.endsStream === true ? END_STREAM : 0
    const block = headerBlock(form.fields)
    const cut = form.isSplit === true ? Math.floor(block.length / 2) : block.length
    const isWhole = cut === block.length
    const flags = end | (isWhole ? END_HEADERS : 0)
    this.inject({ kind: FrameKind.HEADERS, flags, stream, payload: block.subarray(0, cut) })
    if (isWhole) return
    const payload = block.subarray(cut)
    this.inject({ kind: FrameKind.CONTINUATION, flags: END_HEADERS, stream, payload })
  }

  #watch(frame: Http2Frame): void {
    const { kind, flags, stream, payload } = frame
    const facts = this.factsOf(stream)
    if (kind === FrameKind.SETTINGS && (flags & ACK) === 0) this.#readSettings(payload)
    else if (kind === FrameKind.GOAWAY) this.isGoingAway = true
    else if (kind === FrameKind.RST_STREAM) {
      this.#facts.set(stream, { ...facts, reset: codeOf(frame) })
    } else if (
      (kind === FrameKind.DATA || kind === FrameKind.HEADERS) &&
      (flags & END_STREAM) !== 0
    ) {
      this.#facts.set(stream, { ...facts, isEnded: true })
    }
    this.#pass(frame)
    this.onFrame()
  }

  /** Passes a frame on to Node's client. */
  #pass(frame: Http2Frame): void {
    const { kind, stream, payload } = frame
    const unknown = this.#unknownOf(stream)
    if (kind !== FrameKind.WINDOW_UPDATE || unknown === 0 || payload.length !== 4) {
      this.#forward(frame)
      return
    }
    const increment = Buffer.from(payload).readUInt32BE(0)
    const known = Math.max(0, increment - unknown)
    this.#unknown.set(stream, unknown - (increment - known))
    const window = Buffer.alloc(4)
    window.writeUInt32BE(known)
    // An increment of 0 would be an error.
    if (known > 0) this.#forward({ ...frame, payload: window })
  }

  #forward(frame: Http2Frame): void {
    if (!this.push(frameBytes(frame))) this.#socket.pause()
  }

  #unknownOf(stream: number): number {
    return this.#unknown.get(stream) ?? 0
  }

  #readSettings(payload: Uint8Array): void {
    const values = [...(this.connectProtocol ?? [])]
    const bytes = Buffer.from(payload)
    for (let at = 0; at + 6 <= bytes.length; at += 6) {
      if (bytes.readUInt16BE(at) === ENABLE_CONNECT_PROTOCOL)
        values.push(bytes.readUInt32BE(at + 2))
    }
    this.connectProtocol = values
  }
}

/** The code of RST_STREAM; 0 for a frame that is too short, which Node's client refuses. */
function codeOf({ payload }: Http2Frame): number {
  return payload.length < 4 ? 0 : Buffer.from(payload).readUInt32BE(0)
}
