/**
 * Decodes bytes into frames (RFC 6455 §5). The same bytes give the same events, however they are
 * cut.
 *
 * A frame that lies in one chunk is read in place, and its payload is unmasked while it is copied;
 * nothing else is allocated. A partial header is collected in a `PartialHeader`, and a partial
 * payload in a `PartialFrame`. `IncomingMessage` knows what the frames of a message have in common.
 */

import { readAsciiText, MAX_ASCII_TEXT_BYTES } from '../ascii-text.ts'
import { type CloseReason, parseClosePayload } from '../closing/close-reason.ts'
import { FrameTooBigError, ProtocolViolation, ProtocolViolationError } from '../errors.ts'
import { HeldBytes } from '../held-bytes.ts'
import { forgetSource } from '../mask.ts'
import { arenaFor, MIDDLE_PAYLOAD_BYTES, SMALL_PAYLOAD_BYTES } from '../payload-arena.ts'
import { MAX_PART_BYTES, type PartSink, PayloadPart } from '../payload-part.ts'
import { EMPTY_BYTES } from '../text.ts'
import { checkUtf8, UTF8_BOUNDARY } from '../utf8.ts'
import { type DecoderRules, type FrameDecoderOptions, rulesFor } from './decoder-options.ts'
import { CONTROL_BIT, FIN_BIT, MASK_BIT, Opcode, OPCODE_BITS, readInt32 } from './frame-header.ts'
import type { FrameSink } from './frame-sink.ts'
import { header, readHeader } from './header-rules.ts'
import { type IncomingMessage, keepMessage, spareMessage } from './incoming-message.ts'
import { PartialFrame } from './partial-frame.ts'
import { PartialHeader } from './partial-header.ts'

/** The first byte of a text message in one frame, without reserved bits. */
const WHOLE_TEXT = FIN_BIT | Opcode.TEXT
const WHOLE_BINARY = FIN_BIT | Opcode.BINARY

/** A sink, which takes short messages as parts if its rules say so. */
export type DecoderSink = FrameSink & Partial<PartSink>

/** `busy`: the decoder holds something of its connection; `done`: it has stopped. */
export type DecoderState = 'idle' | 'busy' | 'done'

let lendTo: (decoder: FrameDecoder, sink: DecoderSink, rules: DecoderRules) => void
let lookAt: (decoder: FrameDecoder) => DecoderState

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
  #sink: DecoderSink
  #rules: DecoderRules

  /** The message that has begun and not ended; `null` between messages. */
  #message: IncomingMessage | null = null
  #header: PartialHeader | null = null
  #partial: PartialFrame | null = null
  /** Whether the last long text was ASCII: if not, the next one is not tried. */
  #isAscii = true
  #held: HeldBytes | null = null

  #isPaused = false
  #isDone = false
  #isParsing = false

  /** `sink` must not throw, and must not call `receive`; it may call `pause` and `resume`. */
  constructor(sink: FrameSink, options: FrameDecoderOptions) {
    this.#sink = sink
    this.#rules = rulesFor(options)
  }

  /** The largest text or binary frame, in bytes of payload; applies from the next header on. */
  get maxFrameSize(): number {
    return this.#rules.maxFrameSize
  }

  set maxFrameSize(byteLength: number) {
    this.#rules = rulesFor({ ...this.#rules.options, maxFrameSize: byteLength })
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
    if (this.#header !== null) at = this.#continueHeader(this.#header, bytes, at, end)
    if (this.#partial !== null && at < end)
      at = this.#continuePayload(this.#partial, bytes, at, end)
    while (at < end && !this.#isPaused) {
      const next = this.#readPart(bytes, at, end)
      at = next === at ? this.#parseFrame(bytes, at, end) : next
    }
    this.#isParsing = false
    forgetSource()
    return at
  }

  /**
   * Reads a short message in one frame that is there: most messages are. It keeps each rule of
   * `#parseFrame`, which reads everything else, and finds what is wrong.
   *
   * @returns the offset of the next frame; `at` if nothing was read.
   */
  #readPart(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at]
    const isText = first === WHOLE_TEXT
    if ((!isText && first !== WHOLE_BINARY) || this.#message !== null) return at
    const { expectsMask, maxFrameSize, maxMessageSize, parts } = this.#rules
    const start = at + (expectsMask ? 6 : 2)
    if (start >= end || !parts) return at
    const length = bytes[at + 1]! - (expectsMask ? MASK_BIT : 0) // `start` is below `end`
    if (length <= 0 || length > MAX_PART_BYTES || length > end - start) return at
    // Written this way round, a limit that is not a number lets no frame pass.
    if (!(length <= maxFrameSize && length <= maxMessageSize)) return at

    const arena = arenaFor(length)
    const isAscii = arena.put(bytes, start, length, expectsMask ? readInt32(bytes, at + 2) : 0)
    const part = new PayloadPart(arena.block, arena.start, length)
    if (isAscii) this.#isAscii = true
    else if (isText && !isUtf8Part(part)) return at
    this.#sink.takePart?.(part, isText)
    return start + length
  }

  /**
   * Reads one frame or the beginning of one. May be called again with the same beginning and more
   * bytes.
   *
   * @returns the offset of the next frame; `end` if there is none.
   */
  #parseFrame(bytes: Uint8Array, at: number, end: number): number {
    const message = this.#message ?? spareMessage()
    const problem = readHeader(bytes, at, end, this.#rules, message)
    if (problem === 'incomplete') return this.#keepHeader(bytes, at, end)
    if (problem !== null) return this.#fail(problem, end)

    const { first, length, maskKey, size } = header
    const isThere = length <= end - at - size
    this.#header = null
    if ((first & CONTROL_BIT) === 0) this.#beginMessage(message, isThere && (first & FIN_BIT) !== 0)
    message.begin(first, length)
    if (isThere) {
      if (first === WHOLE_TEXT && this.#readAscii(length, maskKey, bytes, at + size)) {
        return at + size + length
      }
      if (length <= MIDDLE_PAYLOAD_BYTES) {
        return this.#smallFrame(first, length, maskKey, bytes, at + size, end)
      }
    }
    this.#partial = new PartialFrame(first, length, maskKey)
    return at + size === end ? end : this.#continuePayload(this.#partial, bytes, at + size, end)
  }

  /**
   * Makes `message` the one that arrives, if a frame begins it. A message in one frame that is
   * there ends before the sink is called, so all decoders may use the same object for it.
   */
  #beginMessage(message: IncomingMessage, isWhole: boolean): void {
    this.#message = message
    if (!isWhole) keepMessage(message)
  }

  /** The last frame has arrived. @returns `false` if its text ended inside a character. */
  #endMessage(): boolean {
    const message = this.#message
    this.#message = null
    if (message === null || message.end()) return true
    keepMessage(message)
    return false
  }

  /** Keeps a partial header. */
  #keepHeader(bytes: Uint8Array, at: number, end: number): number {
    // A header that was kept before is still there.
    if (bytes !== this.#header?.bytes) this.#header = new PartialHeader(bytes, at, end)
    return end
  }

  /**
   * Completes a partial header, and reads it again from its beginning whenever more of it is known.
   */
  #continueHeader(partial: PartialHeader, bytes: Uint8Array, at: number, end: number): number {
    while (at < end && this.#header !== null) {
      at = partial.append(bytes, at, end, this.#rules.expectsMask)
      this.#parseFrame(partial.bytes, 0, partial.length)
    }
    return this.#isDone ? end : at
  }

  /**
   * Reads a whole text message as a string, if it is long ASCII.
   *
   * @returns `false` if the message is to be read as bytes.
   */
  #readAscii(length: number, maskKey: number, bytes: Uint8Array, at: number): boolean {
    if (!this.#isAscii || !this.#takesString(length)) return false
    const text = readAsciiText(bytes, at, length, maskKey)
    this.#isAscii = text !== null
    if (text === null) return false
    this.#endMessage()
    this.#sink.asciiText?.(text)
    return true
  }

  /** Whether the sink takes a whole text message of this length as a string: never a heartbeat. */
  #takesString(length: number): boolean {
    if (
      length <= SMALL_PAYLOAD_BYTES ||
      length > MAX_ASCII_TEXT_BYTES ||
      this.#rules.claimedBits !== 0
    )
      return false
    return this.#sink.asciiText !== undefined
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
    const arena = arenaFor(length)
    const isAscii = arena.put(bytes, at, length, maskKey)
    if (isAscii) this.#isAscii = true
    const { block, start } = arena
    if (this.#message?.accepts(first, block.bytes, start, start + length, isAscii) === false) {
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
    if (this.#message?.accepts(first, block.bytes, filled, filled + taken, isAscii) === false) {
      return this.#fail(notUtf8(), end)
    }
    if (!partial.isComplete) return end
    this.#partial = null
    if (partial.isAscii) {
      this.#isAscii = true
      if (first === WHOLE_TEXT && this.#takesString(length)) {
        this.#endMessage()
        this.#sink.asciiText?.(partial.takeText())
        return at + taken
      }
    }
    return this.#deliver(first, partial.takeBytes(), at + taken, end)
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
    const { type, reservedBits } = this.#message! // a data frame has begun one
    if (fin && !this.#endMessage()) return this.#fail(notUtf8(), end)
    if (type === Opcode.TEXT) this.#sink.text(payload, fin, reservedBits)
    else this.#sink.binary(payload, fin, reservedBits)
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
    // It may have been left in the middle of a message.
    if (this.#message !== null) keepMessage(this.#message)
    this.#message = null
    this.#partial = null
    this.#held = null
    this.#header = null
  }

  static {
    lendTo = (decoder, sink, rules) => {
      decoder.#sink = sink
      decoder.#rules = rules
      decoder.#isDone = false
      decoder.#isPaused = false
      decoder.#isAscii = true
    }
    lookAt = (decoder) => {
      if (decoder.#isDone) return 'done'
      const isBetween = decoder.#message === null && decoder.#header === null
      const isEmpty = decoder.#partial === null && decoder.#held === null
      // What it knows of the texts of a connection stays with the connection.
      return isBetween && isEmpty && decoder.#isAscii && !decoder.#isPaused ? 'idle' : 'busy'
    }
  }
}

/** Lends an idle decoder, or one that has stopped, to another connection. */
export function lend(decoder: FrameDecoder, sink: DecoderSink, rules: DecoderRules): void {
  lendTo(decoder, sink, rules)
}

/** Returns whether a decoder can be lent. */
export function stateOf(decoder: FrameDecoder): DecoderState {
  return lookAt(decoder)
}

function isUtf8Part({ block, start, length }: PayloadPart): boolean {
  return checkUtf8(block.bytes, start, start + length, UTF8_BOUNDARY) === UTF8_BOUNDARY
}

function notUtf8(): ProtocolViolationError {
  return new ProtocolViolationError(1007, 'Cannot accept text: it is not UTF-8')
}
