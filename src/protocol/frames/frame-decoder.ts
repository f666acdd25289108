/**
 * Decodes bytes into frames (RFC 6455 §5). The same bytes give the same events, however they are
 * cut.
 *
 * A frame that lies in one chunk is read in place, and its payload is unmasked while it is copied;
 * nothing else is allocated. A partial header is collected in a small buffer and read from there. A
 * partial payload is collected in a `PartialFrame`.
 */

import { type CloseReason, parseClosePayload } from '../closing/close-reason.ts'
import {
  FrameTooBigError,
  ProtocolViolation,
  ProtocolViolationError,
  TooManyFragmentsError,
} from '../errors.ts'
import type { FrameSink } from './frame-sink.ts'
import { checkExtendedLength, checkFirstByte, checkSecondByte, checkSize } from './header-rules.ts'
import { HeldBytes } from './held-bytes.ts'
import { forgetSource } from '../mask.ts'
import { MAX_BYTES } from '../memory.ts'
import { CONTROL_BIT, FIN_BIT, MAX_HEADER_BYTES, Opcode, OPCODE_BITS } from './frame-header.ts'
import { PartialFrame } from './partial-frame.ts'
import {
  MIDDLE_ARENA_BYTES,
  MIDDLE_PAYLOAD_BYTES,
  PayloadArena,
  SMALL_ARENA_BYTES,
  SMALL_PAYLOAD_BYTES,
} from '../payload-arena.ts'
import { checkUtf8, UTF8_BOUNDARY, UTF8_BROKEN } from '../utf8.ts'
import { EMPTY_BYTES } from '../text.ts'

/** The role of this side: servers require masks and clients refuse them (§5.1). */
export type Role = 'server' | 'client'

/** Options of a decoder. Sizes are bytes of payload; `Infinity` is no limit. */
export interface FrameDecoderOptions {
  /** The role of this side. */
  readonly role: Role

  /** The largest text or binary frame. @defaultValue Infinity */
  readonly maxFrameSize?: number

  /**
   * The largest message, all fragments together, as it travels. An extension that decompresses must
   * limit its own output. @defaultValue 1 MiB
   */
  readonly maxMessageSize?: number

  /** The largest number of fragments in one message; empty fragments count. @defaultValue 65 552 */
  readonly maxFragments?: number

  /**
   * Whether fragments are assembled into messages. If not, `maxMessageSize` applies to each frame,
   * and the number of fragments is not limited. @defaultValue true
   */
  readonly messages?: boolean

  /**
   * The reserved bits that extensions give a meaning to: RSV1 is 4, RSV2 is 2, RSV3 is 1.
   * @defaultValue 0
   */
  readonly claimedBits?: number
}

const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024
const DEFAULT_MAX_FRAGMENTS = 65_536 + 16

/** The arena for small payloads of all connections. */
const smallArena = new PayloadArena(SMALL_ARENA_BYTES)
const middleArena = new PayloadArena(MIDDLE_ARENA_BYTES)

/**
 * Reads one direction of one connection, and calls a sink for each event in the order of the bytes.
 *
 * A protocol violation is reported at the first byte that proves it. A limit is checked when the
 * length is announced, before memory is allocated. Text that is not UTF-8 is reported at its first
 * bad byte. After a Close frame or a violation, nothing more is read. Errors of the peer never
 * throw.
 *
 * @example
 * const decoder = new FrameDecoder(sink, { role: 'server' })
 * socket.on('data', (chunk) => decoder.receive(chunk))
 */
export class FrameDecoder {
  readonly #sink: FrameSink
  readonly #expectsMask: boolean
  readonly #claimedBits: number
  readonly #maxMessageSize: number
  readonly #maxFragments: number
  readonly #gathers: boolean
  #maxFrameSize: number

  // The type of the unfinished message; CONTINUATION between messages.
  #messageType = 0
  #messageBits = 0
  #messageSize = 0
  #fragments = 0
  /** At a character boundary again whenever a message has ended. */
  #utf8: number = UTF8_BOUNDARY

  // The partial header. Usually empty, so that an idle connection costs little.
  #header: Uint8Array = EMPTY_BYTES
  #headerLength = 0
  #partial: PartialFrame | null = null
  #held: HeldBytes | null = null

  #isPaused = false
  #isDone = false
  #isParsing = false

  /** `sink` must not throw, and must not call `receive`; it may call `pause` and `resume`. */
  constructor(sink: FrameSink, options: FrameDecoderOptions) {
    this.#sink = sink
    this.#expectsMask = options.role === 'server'
    this.#claimedBits = options.claimedBits ?? 0
    this.#maxFrameSize = options.maxFrameSize ?? Infinity
    this.#maxMessageSize = Math.min(options.maxMessageSize ?? DEFAULT_MAX_MESSAGE_BYTES, MAX_BYTES)
    this.#maxFragments = options.maxFragments ?? DEFAULT_MAX_FRAGMENTS
    this.#gathers = options.messages ?? true
  }

  /** The largest text or binary frame, in bytes of payload; applies from the next header on. */
  get maxFrameSize(): number {
    return this.#maxFrameSize
  }

  set maxFrameSize(byteLength: number) {
    this.#maxFrameSize = byteLength
  }

  /** Bytes that arrived while paused and have not been decoded. */
  get heldBytes(): number {
    return this.#held?.byteLength ?? 0
  }

  /** Bytes of memory held for partial frames, and for bytes that arrived while paused. */
  get keptBytes(): number {
    return (this.#held?.memory.length ?? 0) + (this.#partial?.block.bytes.length ?? 0)
  }

  get isPaused(): boolean {
    return this.#isPaused && !this.#isDone
  }

  /**
   * Reads `bytes`, which are lent: they are not changed, and no reference remains after the call.
   * While paused, a copy is held.
   */
  receive(bytes: Uint8Array): void {
    if (this.#isDone) return
    if (this.#held !== null) {
      this.#held.append(bytes)
      return
    }
    const read = this.#isPaused ? 0 : this.#parse(bytes, 0, bytes.length)
    if (read < bytes.length && !this.#isDone) this.#held = new HeldBytes(bytes, read)
  }

  /** Stops reading for good and frees memory. The sink may call it. Idempotent. */
  stop(): void {
    this.#finish()
    // Ends the loop that calls the sink.
    this.#isPaused = true
  }

  /**
   * Stops before the next frame, even in the middle of a chunk when the sink calls it. Idempotent.
   */
  pause(): void {
    this.#isPaused = true
  }

  /** Continues with the held bytes; may be paused again before it returns. Idempotent. */
  resume(): void {
    if (this.#isDone) return
    this.#isPaused = false
    const held = this.#held
    // During a call of the sink, the loop around that call continues by itself.
    if (held === null || this.#isParsing) return
    held.start = this.#parse(held.memory, held.start, held.end)
    if (held.byteLength === 0) this.#held = null
  }

  /** @returns the offset where it stopped: `end`, or earlier if it was paused. */
  #parse(bytes: Uint8Array, at: number, end: number): number {
    this.#isParsing = true
    if (this.#headerLength > 0) at = this.#continueHeader(bytes, at, end)
    if (this.#partial !== null && at < end)
      at = this.#continuePayload(this.#partial, bytes, at, end)
    while (at < end && !this.#isPaused) at = this.#parseFrame(bytes, at, end)
    this.#isParsing = false
    forgetSource()
    return at
  }

  /**
   * Reads one frame or the beginning of one. May be called again with the same beginning and more
   * bytes.
   *
   * @returns the offset of the next frame; `end` if there is none.
   */
  #parseFrame(bytes: Uint8Array, at: number, end: number): number {
    const available = end - at
    const first = bytes[at]! // `at` is below `end`, here and below
    const inside = this.#messageType !== Opcode.CONTINUATION
    const badFirst = checkFirstByte(first, inside, this.#claimedBits) ?? this.#checkFragments(first)
    if (badFirst !== null) return this.#fail(badFirst, end)
    if (available < 2) return this.#keepHeader(bytes, at, end)

    const second = bytes[at + 1]!
    const badSecond = checkSecondByte(first, second, this.#expectsMask)
    if (badSecond !== null) return this.#fail(badSecond, end)

    let length = second & 0x7f
    let size = 2
    if (length > 125) {
      const inBytes = length === 126 ? 2 : 8
      size += inBytes
      if (available < size) return this.#keepHeader(bytes, at, end)
      length = readLength(bytes, at + 2, inBytes)
      const badLength = checkExtendedLength(length, inBytes)
      if (badLength !== null) return this.#fail(badLength, end)
    }
    if ((first & CONTROL_BIT) === 0) {
      const before = this.#gathers && inside ? this.#messageSize : 0
      const tooBig = checkSize(length, this.#maxFrameSize, before, this.#maxMessageSize)
      if (tooBig !== null) return this.#fail(tooBig, end)
    }

    let maskKey = 0
    if (this.#expectsMask) {
      if (available < size + 4) return this.#keepHeader(bytes, at, end)
      maskKey = readInt32(bytes, at + size)
      size += 4
    }
    this.#headerLength = 0
    this.#beginFrame(first, length)
    if (length <= MIDDLE_PAYLOAD_BYTES && length <= available - size) {
      return this.#smallFrame(first, length, maskKey, bytes, at + size, end)
    }
    this.#partial = new PartialFrame(first, length, maskKey)
    return at + size === end ? end : this.#continuePayload(this.#partial, bytes, at + size, end)
  }

  #checkFragments(first: number): ProtocolViolation | null {
    if (!this.#gathers || (first & OPCODE_BITS) !== Opcode.CONTINUATION) return null
    if (this.#fragments < this.#maxFragments) return null
    return new TooManyFragmentsError(this.#fragments + 1, this.#maxFragments)
  }

  /** Starts a frame whose header is complete and valid. */
  #beginFrame(first: number, length: number): void {
    const opcode = first & OPCODE_BITS
    if (opcode === Opcode.CONTINUATION) {
      this.#messageSize += length
      this.#fragments += 1
    } else if ((first & CONTROL_BIT) === 0) {
      this.#messageType = opcode
      this.#messageBits = (first >> 4) & 7
      this.#messageSize = length
      this.#fragments = 1
    }
  }

  /** Keeps a partial header. */
  #keepHeader(bytes: Uint8Array, at: number, end: number): number {
    if (bytes === this.#header) return end // it was kept before
    if (this.#header === EMPTY_BYTES) this.#header = new Uint8Array(MAX_HEADER_BYTES)
    this.#header.set(bytes.subarray(at, end))
    this.#headerLength = end - at
    return end
  }

  /**
   * Completes a partial header, and reads it again from its beginning whenever more of it is known.
   */
  #continueHeader(bytes: Uint8Array, at: number, end: number): number {
    while (at < end && this.#headerLength > 0) {
      const missing = this.#wantedHeaderBytes() - this.#headerLength
      const taken = Math.min(missing, end - at)
      this.#header.set(bytes.subarray(at, at + taken), this.#headerLength)
      this.#headerLength += taken
      at += taken
      this.#parseFrame(this.#header, 0, this.#headerLength)
    }
    return this.#isDone ? end : at
  }

  /** The length of the partial header, as far as its bytes tell. */
  #wantedHeaderBytes(): number {
    if (this.#headerLength < 2) return 2
    const length = this.#header[1]! & 0x7f // there are 14 bytes
    const size = length < 126 ? 2 : length === 126 ? 4 : 10
    return this.#expectsMask ? size + 4 : size
  }

  /** Reads a frame that is complete and small enough for an arena. */
  #smallFrame(
    first: number,
    length: number,
    maskKey: number,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): number {
    const next = at + length
    if (length === 0) return this.#deliver(first, EMPTY_BYTES, next, end)
    const arena = length <= SMALL_PAYLOAD_BYTES ? smallArena : middleArena
    const isAscii = arena.put(bytes, at, length, maskKey)
    const { block, start } = arena
    if (this.#isText(first) && !this.#isUtf8(block.bytes, start, start + length, isAscii)) {
      return this.#fail(notUtf8(), end)
    }
    return this.#deliver(first, block.slice(start, length), next, end)
  }

  /** Reads more of a partial payload. */
  #continuePayload(partial: PartialFrame, bytes: Uint8Array, at: number, end: number): number {
    const { first, length, filled } = partial
    const taken = Math.min(length - filled, end - at)
    let isAscii: boolean
    try {
      isAscii = partial.append(bytes, at, taken)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return this.#fail(new FrameTooBigError('frame', length, filled, { cause: error }), end)
    }
    const { block } = partial
    if (this.#isText(first) && !this.#isUtf8(block.bytes, filled, filled + taken, isAscii)) {
      return this.#fail(notUtf8(), end)
    }
    if (!partial.isComplete) return end
    this.#partial = null
    return this.#deliver(first, block.slice(0, length), at + taken, end)
  }

  /** Whether the payload is plain text, which an extension has not transformed. */
  #isText(first: number): boolean {
    const isData = (first & CONTROL_BIT) === 0
    return isData && this.#messageType === Opcode.TEXT && this.#messageBits === 0
  }

  /** Whether the text of the message is valid UTF-8 up to the end of these bytes. */
  #isUtf8(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    if (isAscii && this.#utf8 === UTF8_BOUNDARY) return true
    this.#utf8 = checkUtf8(bytes, start, end, this.#utf8)
    return this.#utf8 !== UTF8_BROKEN
  }

  /** Passes a whole frame to the sink. @returns `next`, or `end` if nothing more is read. */
  #deliver(first: number, payload: Uint8Array, next: number, end: number): number {
    switch (first & OPCODE_BITS) {
      case Opcode.CLOSE:
        return this.#deliverClose(payload, end)
      case Opcode.PING:
        this.#sink.ping(payload)
        return next
      case Opcode.PONG:
        this.#sink.pong(payload)
        return next
    }

    const fin = (first & FIN_BIT) !== 0
    const type = this.#messageType
    if (fin) {
      // Only text is checked, and only text can have ended inside a character.
      if (this.#utf8 !== UTF8_BOUNDARY) return this.#fail(notUtf8(), end)
      this.#messageType = Opcode.CONTINUATION
    }
    if (type === Opcode.TEXT) this.#sink.text(payload, fin, this.#messageBits)
    else this.#sink.binary(payload, fin, this.#messageBits)
    return next
  }

  #deliverClose(payload: Uint8Array, end: number): number {
    let reason: CloseReason | null
    try {
      reason = parseClosePayload(payload)
    } catch (error) {
      if (error instanceof ProtocolViolation) return this.#fail(error, end)
      throw error
    }
    this.#finish()
    this.#sink.close(reason)
    return end
  }

  #fail(error: ProtocolViolation, end: number): number {
    this.#finish()
    this.#sink.violation(error)
    return end
  }

  /** Frees everything, because nothing more is read. */
  #finish(): void {
    this.#isDone = true
    this.#partial = null
    this.#held = null
    this.#headerLength = 0
  }
}

/**
 * Reads a big-endian length of 2 or 8 bytes. From 2^53 on the lower half is left out, because the
 * length is refused anyway.
 */
function readLength(bytes: Uint8Array, at: number, inBytes: 2 | 8): number {
  // The caller has checked that the bytes exist, here and below.
  if (inBytes === 2) return (bytes[at]! << 8) | bytes[at + 1]!
  const high = readInt32(bytes, at) >>> 0
  const low = readInt32(bytes, at + 4) >>> 0
  return high * 2 ** 32 + (high < 2 ** 21 ? low : 0)
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function notUtf8(): ProtocolViolationError {
  return new ProtocolViolationError(1007, 'Cannot accept text: it is not UTF-8')
}
