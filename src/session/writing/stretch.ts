/**
 * What one session sends in one turn of the event loop: its stretch of the memory that all sessions
 * serialise into (`Output`).
 *
 * A session begins a stretch with its first frame of a turn. All of the stretch goes out in one
 * write when the turn ends: one system call for many messages is worth several times their own
 * cost. The stretch is then free for another session, so an idle session has none.
 */

import { type Environment, type LoopShare, loopShareOf } from '../../base/internal.ts'
import {
  allocate,
  type CloseReason,
  encodeClose,
  encodedSizeBound,
  encodeFrame,
  encodePart,
  FrameType,
  MAX_HEADER_BYTES,
  type PayloadPart,
  payloadSize,
  type PreparedFrame,
  preparedBytes,
  preparedPayload,
} from '../../protocol/internal.ts'
import type { Transport } from '../transport.ts'
import { type Output, outputOf, type OutputUser, SLAB_BYTES } from './output.ts'

/** The session that a stretch belongs to, during one turn. */
export interface StretchUser {
  readonly transport: Transport
  /** Whether frames are masked (RFC 6455 §5.3). */
  readonly masking: boolean
  /** Bytes that the transport has been given. */
  sentBytes: number
  /** The turn is over: the stretch is written out, and then belongs to another session. */
  turnEnded(): void
  /** The transport kept bytes that it could not hand over. */
  writeQueued(): void
}

/** Above this size a stretch is written out instead of copied to the end of the slab. */
const MAX_MOVED_BYTES = 4096

/** Stretches that are kept for later turns. */
const MAX_SPARE = 1024

const MASK_SCRATCH = new Uint8Array(4)

/** Stands for the session of a spare stretch, which must keep no session in memory. */
const NO_USER: StretchUser = {
  masking: false,
  sentBytes: 0,
  get transport(): never {
    throw new Error('Cannot write a spare stretch: it belongs to no session')
  },
  turnEnded: () => {},
  writeQueued: () => {},
}

/** Serialises the frames of one session in one turn. */
export class Stretch implements OutputUser {
  readonly #pool: StretchPool
  readonly #output: Output
  readonly #share: LoopShare
  #user: StretchUser
  /** Where it lies in the slab; both are 0 while it is empty. */
  #start = 0
  #end = 0

  constructor(pool: StretchPool, user: StretchUser) {
    this.#pool = pool
    this.#output = pool.output
    this.#share = pool.share
    this.#user = user
  }

  /** Bytes that are serialised and not yet given to the transport: see `OutputUser`. */
  get size(): number {
    return this.#end - this.#start
  }

  /** Begins again for another session. Only for an empty stretch whose turn is over. */
  reuse(user: StretchUser): void {
    this.#user = user
  }

  /**
   * Makes sure that a frame of at most `bound` bytes can be serialised now. May write out what has
   * been serialised.
   *
   * @param shared the payload of a frame that other sessions may share, else `null`. If another
   *   session sent the same one after the same bytes, this session needs no room at all.
   * @returns `false` if the transport has to drain first.
   */
  makeRoom(bound: number, shared: string | Uint8Array | null): boolean {
    const output = this.#output
    const moved = this.#end === output.end ? 0 : this.#end - this.#start
    if (moved <= MAX_MOVED_BYTES && output.hasRoom(moved + bound)) return true
    if (shared !== null && this.#isRepeated(shared)) return true
    const isTaken = this.#writeOut()
    if (bound <= SLAB_BYTES && !output.hasRoom(bound)) output.clear(bound)
    return isTaken
  }

  /**
   * Serialises a whole text message that cannot change, as `makeRoom` and `write` do.
   *
   * @returns `false` if the transport has to drain first.
   */
  writeText(text: string | Uint8Array): boolean {
    const output = this.#output
    const bound = encodedSizeBound(text)
    const end = this.#end
    // Most messages go right behind the message before: nothing moves, and nothing is shared.
    if (end !== 0 && end === output.end && bound <= MAX_MOVED_BYTES && output.hasRoom(bound)) {
      if (!output.wasSent(text)) {
        this.#share.spend(bound)
        this.#end = encodeFrame(output.bytes, end, FrameType.TEXT, true, 0, text, this.#maskKey())
        output.end = this.#end
        output.appended(end)
        return true
      }
    }
    if (!this.makeRoom(bound, text)) return false
    this.write(FrameType.TEXT, true, 0, text, true)
    return true
  }

  /**
   * Serialises a whole message with a short payload that cannot change, as `writeText` does.
   *
   * @returns `false` if the transport has to drain first.
   */
  writePart(opcode: number, part: PayloadPart): boolean {
    const output = this.#output
    const bound = MAX_HEADER_BYTES + part.length
    // Most go to the end of the slab: nothing moves, and nothing is shared.
    const isLast = this.#end === output.end || this.#start === this.#end
    if (isLast && !this.#user.masking && output.hasRoom(bound)) {
      // Once its bytes have been asked for, they stand for the part.
      if (!output.wasSent(part.view ?? part)) {
        this.#share.spend(bound)
        const at = output.end
        output.end = encodePart(output.view, at, opcode, part)
        this.#grow(at)
        return true
      }
      // The second session that sends it: from here on its bytes are shared.
      output.wasSent(part.bytes)
    }
    if (!this.makeRoom(bound, part.bytes)) return false
    this.write(opcode, true, 0, part.bytes, true)
    return true
  }

  /**
   * Serialises one frame, for which `makeRoom` has just returned `true`.
   *
   * @param isFixed whether `payload` is a whole text message that cannot change. Sessions that send
   *   the same one share its bytes.
   */
  write(
    opcode: number,
    fin: boolean,
    reservedBits: number,
    payload: string | Uint8Array,
    isFixed: boolean = false,
  ): void {
    const output = this.#output
    const mayShare = isFixed && !this.#user.masking
    const bound = encodedSizeBound(payload)
    this.#share.spend(bound)
    if (bound > SLAB_BYTES) {
      this.#writeLarge(opcode, fin, reservedBits, payload, mayShare)
      return
    }
    const start = this.#start
    const end = this.#end
    // First: `makeRoom` has made no room for bytes that another session has.
    if (mayShare && this.#repeats(payload)) {
      output.wasSent(payload)
      return
    }
    // A long one at once: no other session could copy it behind the bytes that it has.
    const isShared = mayShare && (bound > MAX_MOVED_BYTES || output.wasSent(payload))
    const at = this.#place()
    output.end = encodeFrame(output.bytes, at, opcode, fin, reservedBits, payload, this.#maskKey())
    this.#appended(at)
    if (isShared) output.remember(payload, start, end, this.#start)
  }

  /** Writes a prepared frame, after `makeRoom` has returned `true` for its payload. */
  writePrepared(prepared: PreparedFrame): void {
    const payload = preparedPayload(prepared)
    if (this.#user.masking) {
      this.write(prepared.frameType, true, 0, payload)
      return
    }
    const output = this.#output
    const bytes = preparedBytes(prepared)
    this.#share.spend(bytes.length)
    if (encodedSizeBound(payload) > SLAB_BYTES) {
      // These bytes never change: the transport may keep them.
      this.#give(bytes)
      return
    }
    const start = this.#start
    const end = this.#end
    if (this.#repeats(payload)) return
    const at = this.#place()
    output.bytes.set(bytes, at)
    output.end += bytes.length
    this.#appended(at)
    output.remember(payload, start, end, this.#start)
  }

  /**
   * Serialises a Close frame, an empty one for `null`, and writes out. `makeRoom` has just returned
   * `true` for `MAX_CLOSE_FRAME_BYTES`.
   */
  writeClose(reason: CloseReason | null): void {
    const output = this.#output
    const at = this.#place()
    output.end = encodeClose(output.bytes, at, reason, this.#maskKey())
    this.#grow(at)
    this.writeOut()
  }

  /** Gives the transport what has been serialised, in one write. */
  writeOut(): void {
    this.#writeOut()
  }

  /** See `OutputUser`. */
  endTurn(): void {
    // First: what is sent while the bytes are written begins another stretch.
    this.#user.turnEnded()
    this.#writeOut()
    this.#pool.release(this)
  }

  /** The transport is gone: what was serialised is lost. */
  drop(): void {
    if (this.#start === this.#end) return
    this.#start = 0
    this.#end = 0
    this.#output.leave('taken')
  }

  /** @returns where the next frame goes: right behind what is in the stretch, which may move. */
  #place(): number {
    const output = this.#output
    if (this.#start !== this.#end && this.#end !== output.end) this.#move()
    return output.end
  }

  #appended(at: number): void {
    this.#grow(at)
    this.#output.appended(at)
  }

  /** A frame was serialised from `at` to the end of the slab. An empty stretch begins with it. */
  #grow(at: number): void {
    // Not before the frame is there: the slab would wait for ever for a frame that failed.
    if (this.#start === this.#end) {
      this.#output.enter()
      this.#start = at
    }
    this.#end = this.#output.end
  }

  /** Copies the stretch to the end of the slab, where the next frame goes. */
  #move(): void {
    const output = this.#output
    const start = output.end
    output.bytes.copyWithin(start, this.#start, this.#end)
    output.end += this.#end - this.#start
    this.#start = start
    this.#end = output.end
  }

  /**
   * Takes over the bytes of another session that sent the same before, and `payload` after it.
   *
   * @returns whether there is such a session.
   */
  #repeats(payload: string | Uint8Array): boolean {
    const output = this.#output
    if (!this.#isRepeated(payload)) return false
    if (this.#start === this.#end) output.enter()
    this.#start = output.repeatedStart
    this.#end = output.repeatedEnd
    return true
  }

  /** Whether another session sent the same bytes as this stretch, and `payload` after them. */
  #isRepeated(payload: string | Uint8Array): boolean {
    return !this.#user.masking && this.#output.isRepeated(payload, this.#start, this.#end)
  }

  /** Writes a frame that is too large for the slab from memory of its own, shared if it may be. */
  #writeLarge(
    opcode: number,
    fin: boolean,
    reservedBits: number,
    payload: string | Uint8Array,
    mayShare: boolean,
  ): void {
    let bytes = mayShare ? this.#output.largeFrame(payload) : null
    if (bytes === null) {
      const memory = allocate(payloadSize(payload) + MAX_HEADER_BYTES)
      const end = encodeFrame(memory, 0, opcode, fin, reservedBits, payload, this.#maskKey())
      bytes = memory.subarray(0, end)
      if (mayShare) this.#output.rememberLarge(payload, bytes)
    }
    this.#give(bytes)
  }

  /** @returns whether the transport still takes bytes. */
  #writeOut(): boolean {
    if (this.#start === this.#end) return true
    const bytes = this.#output.stretch(this.#start, this.#end)
    this.#start = 0
    this.#end = 0
    this.#user.sentBytes += bytes.length
    let isTaken = false // if it throws, the transport may have kept the bytes
    try {
      isTaken = this.#user.transport.write(bytes) === 'taken'
    } finally {
      this.#output.leave(isTaken ? 'taken' : 'queued')
    }
    if (!isTaken) this.#user.writeQueued()
    return isTaken
  }

  /** Writes bytes that are not in the slab. */
  #give(bytes: Uint8Array): void {
    this.#user.sentBytes += bytes.length
    if (this.#user.transport.write(bytes) === 'queued') this.#user.writeQueued()
  }

  #maskKey(): number | null {
    if (!this.#user.masking) return null
    const { random } = this.#pool.environment
    const [first = 0, second = 0, third = 0, fourth = 0] = random(MASK_SCRATCH)
    return (first << 24) | (second << 16) | (third << 8) | fourth
  }
}

/** The stretches of one environment, which are used again in each turn. */
export class StretchPool {
  readonly environment: Environment
  readonly output: Output
  readonly share: LoopShare
  readonly #spare: Stretch[] = []

  constructor(environment: Environment) {
    this.environment = environment
    this.output = outputOf(environment)
    this.share = loopShareOf(environment)
  }

  /** Returns an empty stretch for `user`, which has it until `turnEnded` is called. */
  begin(user: StretchUser): Stretch {
    let stretch = this.#spare.pop()
    if (stretch === undefined) stretch = new Stretch(this, user)
    else stretch.reuse(user)
    this.output.atEndOfTurn(stretch)
    return stretch
  }

  /** The turn of `stretch` is over, and it is empty. */
  release(stretch: Stretch): void {
    if (this.#spare.length >= MAX_SPARE) return
    stretch.reuse(NO_USER)
    this.#spare.push(stretch)
  }
}

/** Returns the stretches of an environment, shared by all of its sessions. */
export function stretchPoolOf(environment: Environment): StretchPool {
  let pool = POOLS.get(environment)
  if (pool === undefined) {
    pool = new StretchPool(environment)
    POOLS.set(environment, pool)
  }
  return pool
}

const POOLS = new WeakMap<Environment, StretchPool>()
