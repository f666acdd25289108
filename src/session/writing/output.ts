/**
 * The memory that all sessions of one environment serialise frames into (the slab), and the end of
 * a turn, when all stretches are written out.
 *
 * The frames of a session go out in one write for each turn. The operating system usually takes the
 * whole write. The memory is then free again at once, and the next session uses the same bytes,
 * which are still in the processor's cache. Nothing is allocated for a write. If a transport keeps
 * the bytes (`queued`), the slab continues behind them. A new slab is made when it is full.
 *
 * A turn lasts until no I/O is ready. All sessions with output then write back to back, which saves
 * about a tenth of the cost of a small message. The price is latency, so a turn lasts 0.25 ms at
 * most. If one callback takes much longer, each callback is a turn for a while.
 *
 * If several sessions send in one turn, their stretches follow one another. A broadcast is
 * serialised once: a session that sends the same payload after the same bytes shares the stretch.
 */

import type { Environment } from '../../base/internal.ts'
import { allocate, type PayloadPart } from '../../protocol/internal.ts'
import type { WriteOutcome } from '../transport.ts'

/** Frames that may be larger than this get memory of their own. */
export const SLAB_BYTES: number = 128 * 1024

/** How long a turn may last while more bytes arrive, in milliseconds. */
const MAX_TURN_MS = 0.25

/** How many bytes may wait while more bytes arrive: more would not stay in the L2 cache. */
const MAX_TURN_BYTES = 64 * 1024

/** After a frame of this size the turn ends with the callback, while the frame is in the cache. */
const PROMPT_FRAME_BYTES = 8192

/** A turn that lasted longer, in milliseconds, was delayed by a single callback. */
const LATE_TURN_MS = 2

/** For how long each callback is a turn after that, in milliseconds. */
const PROMPT_MS = 100

/** The stretch of a session that has something to write. */
export interface OutputUser {
  /** How many bytes it has in the slab. */
  readonly size: number
  /** Gives the transport the bytes that it has in the slab. */
  writeOut(): void
  /** The turn is over: writes out, and may be registered again. */
  endTurn(): void
}

/** The shared memory. It holds nothing between two turns. */
export class Output {
  bytes: Uint8Array = new Uint8Array(0)
  /** The same memory. */
  view: DataView = new DataView(new ArrayBuffer(0))
  /** Where the next byte goes. */
  end = 0
  readonly #environment: Environment
  /** The bytes before this place are kept by transports. */
  #floor = 0
  /** How many sessions have bytes in the slab. */
  #users = 0
  /** Each user with bytes in the slab is in one of the two lists. */
  #waiting: OutputUser[] = []
  #ending: OutputUser[] = []
  #turnBeganAt = 0
  /** Whether the turn ends with the callback that is running. */
  #isPrompt = false
  /** Until this time every callback is a turn. */
  #promptUntil = 0
  // The last view of a stretch. Echoes of one size use the same view again.
  #view: Uint8Array | null = null
  #viewStart = 0
  #viewEnd = 0
  /** The payload that `wasSent` named last in this turn. */
  #last: string | Uint8Array | PayloadPart | null = null
  // If several sessions send the same: its payload, and the stretch before and after it.
  #payload: string | Uint8Array | null = null
  #fromStart = 0
  #fromEnd = 0
  /** Where the stretch that `isRepeated` found begins and ends. */
  repeatedStart = 0
  repeatedEnd = 0

  /** The frame of this turn that was too large for the slab. */
  #large: { readonly payload: string | Uint8Array; readonly bytes: Uint8Array } | null = null

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Registers `user` for the end of this turn. Called once a turn for each user. */
  atEndOfTurn(user: OutputUser): void {
    if (this.#waiting.push(user) > 1) return
    const { clock, defer, deferPastIo } = this.#environment
    this.#turnBeganAt = clock.now()
    this.#isPrompt = this.#turnBeganAt < this.#promptUntil
    const schedule = this.#isPrompt ? defer : deferPastIo
    schedule(endTurn, this)
  }

  /** A frame was appended, from `start` to `end`. */
  appended(start: number): void {
    if (this.end - start < PROMPT_FRAME_BYTES || this.#isPrompt) return
    this.#isPrompt = true
    this.#environment.defer(endTurn, this)
  }

  /**
   * More bytes have arrived: ends a turn that has lasted long enough, or is large enough.
   *
   * @returns the time, in milliseconds.
   */
  moreToRead(): number {
    const now = this.#environment.clock.now()
    if (this.#waiting.length === 0) return now
    const isLarge = this.end - this.#floor >= MAX_TURN_BYTES
    if (isLarge || now - this.#turnBeganAt >= MAX_TURN_MS) this.endTurn()
    return now
  }

  /** Ends the turn. The call that was scheduled for its end then finds nothing to do. */
  endTurn(): void {
    const users = this.#waiting
    if (users.length === 0) return
    const now = this.#environment.clock.now()
    if (now - this.#turnBeganAt >= LATE_TURN_MS) this.#promptUntil = now + PROMPT_MS
    // Users that are registered meanwhile have another turn.
    this.#waiting = this.#ending
    this.#ending = users
    let told = 0
    try {
      for (const user of users) {
        told += 1
        user.endTurn()
      }
    } finally {
      // If one user throws, which is a bug, the others must still be written out.
      const left = told < users.length ? users.slice(told) : null
      // Not by its length: that is a call out of V8's code, and gives the memory away.
      while (users.length > 0) users.pop()
      for (const user of left ?? []) this.atEndOfTurn(user)
    }
  }

  /** Whether there is room for `size` more bytes at `end`. */
  hasRoom(size: number): boolean {
    return this.bytes.length - this.end >= size
  }

  /** Makes room for `size` bytes, at most `SLAB_BYTES`: all users write out. */
  clear(size: number): void {
    // A transport may deliver inside of the write, to a session that was written out and answers.
    do {
      for (const user of this.#ending) user.writeOut()
      for (const user of this.#waiting) user.writeOut()
    } while (this.#ending.some(hasBytes) || this.#waiting.some(hasBytes))
    if (this.hasRoom(size)) return
    this.bytes = allocate(SLAB_BYTES)
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    this.end = 0
    this.#floor = 0
    this.#view = null
    // The remembered payload lies in the other slab.
    this.#payload = null
  }

  /** A session begins to put bytes into the slab, at `end`. */
  enter(): void {
    this.#users += 1
  }

  /** A session has written out its bytes: they are free again, or kept by the transport. */
  leave(outcome: WriteOutcome): void {
    if (outcome === 'queued') this.#floor = this.end
    this.#users -= 1
    if (this.#users > 0) return
    this.end = this.#floor
    this.#last = null
    this.#payload = null
  }

  /** Returns a view of the bytes from `start` to `end`. */
  stretch(start: number, end: number): Uint8Array {
    if (this.#view !== null && this.#viewStart === start && this.#viewEnd === end) return this.#view
    this.#viewStart = start
    this.#viewEnd = end
    this.#view = this.bytes.subarray(start, end)
    return this.#view
  }

  /**
   * Whether the stretch from `start` to `end` plus `payload` equals the stretch that was remembered
   * last, from `repeatedStart` to `repeatedEnd`. Only for payloads that cannot change.
   */
  isRepeated(payload: string | Uint8Array, start: number, end: number): boolean {
    // The payload last: strings of equal length are compared by their characters.
    return this.#fromStart === start && this.#fromEnd === end && this.#payload === payload
  }

  /**
   * Whether `payload` is the one that the last call named. Most payloads are sent once, so the
   * bytes of a short one are remembered from its second frame on. Only for payloads that cannot
   * change.
   */
  wasSent(payload: string | Uint8Array | PayloadPart): boolean {
    if (this.#last === payload) return true
    this.#last = payload
    return false
  }

  /**
   * Remembers that the stretch from `fromStart` to `fromEnd` plus `payload` now begins at `start`.
   */
  remember(payload: string | Uint8Array, fromStart: number, fromEnd: number, start: number): void {
    this.#payload = payload
    this.#fromStart = fromStart
    this.#fromEnd = fromEnd
    this.repeatedStart = start
    this.repeatedEnd = this.end
  }

  /** Returns the frame of `payload` if this turn serialised it outside the slab; else `null`. */
  largeFrame(payload: string | Uint8Array): Uint8Array | null {
    return this.#large?.payload === payload ? this.#large.bytes : null
  }

  /** Remembers the frame of `payload` until the turn ends. `bytes` must not change. */
  rememberLarge(payload: string | Uint8Array, bytes: Uint8Array): void {
    if (this.#large === null) this.#environment.defer(forgetLarge, this)
    this.#large = { payload, bytes }
  }

  /** The turn is over, for large frames. */
  forgetLarge(): void {
    this.#large = null
  }
}

/** Returns the output of an environment, shared by all of its sessions. */
export function outputOf(environment: Environment): Output {
  let output = OUTPUTS.get(environment)
  if (output === undefined) {
    output = new Output(environment)
    OUTPUTS.set(environment, output)
  }
  return output
}

const OUTPUTS = new WeakMap<Environment, Output>()

function hasBytes({ size }: OutputUser): boolean {
  return size > 0
}

function endTurn(output: Output): void {
  output.endTurn()
}

function forgetLarge(output: Output): void {
  output.forgetLarge()
}
