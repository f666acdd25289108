/**
 * One direction of a connection in memory: bytes in order, with the limits and the faults of a
 * network.
 */

import type { Clock } from '../../base/index.ts'
import type { Environment } from '../../base/internal.ts'
import type { WriteOutcome } from '../../session/index.ts'

/** The faults of one direction. Every field may be changed while bytes are in flight. */
export interface PipeFaults {
  /** The delay of each write, in milliseconds of the clock. @defaultValue 0 */
  delayMs?: number

  /**
   * Cuts arriving bytes: gets the number of available bytes (1 or above), and returns how many are
   * delivered in the next piece (1 or above; a larger number means all). @defaultValue everything
   * that was written at once
   */
  cut?: (bytesAtHand: number) => number

  /**
   * The connection is reset once this many bytes have been delivered, counted from the start.
   * @defaultValue `Infinity`
   */
  resetAfterBytes?: number

  /**
   * The receiver's machine does not read: bytes stay in flight until it is `false` again.
   * @defaultValue false
   */
  stalled?: boolean

  /** Written bytes vanish, and the end of the stream too, as on a cut cable. @defaultValue false */
  silent?: boolean
}

/** The callbacks of a pipe. */
export interface PipeEnds {
  /** Bytes arrive at the receiver. */
  arrived(bytes: Uint8Array): void
  /** The end of the stream arrives at the receiver. */
  ended(): void
  /** Everything above the capacity has been delivered: the writer may continue. */
  drained(): void
  /** The fault `resetAfterBytes` occurs. */
  reset(): void
}

/** The capacity of the two kernels between writer and reader, in bytes. */
export const PIPE_CAPACITY_BYTES: number = 128 * 1024

interface Segment {
  readonly bytes: Uint8Array
  readonly dueAt: number
}

/** Carries bytes in one direction. */
export class MemoryPipe {
  readonly faults: PipeFaults
  readonly #environment: Environment
  readonly #ends: PipeEnds
  readonly #segments: Segment[] = []
  /** Bytes written so far. */
  bytesWritten = 0
  #bytes = 0
  #delivered = 0
  #waitsForDrain = false
  #hasReader = false
  #paused = false
  #endWritten = false
  #endDelivered = false
  #closed = false
  #scheduled = false
  #timer: Disposable | null = null

  constructor(environment: Environment, faults: PipeFaults, ends: PipeEnds) {
    this.#environment = environment
    this.faults = faults
    this.#ends = ends
  }

  /** Bytes above the capacity of the kernels. */
  get queuedBytes(): number {
    return Math.max(0, this.#bytes - PIPE_CAPACITY_BYTES)
  }

  /** Whether the end of the stream has been delivered. */
  get isEndDelivered(): boolean {
    return this.#endDelivered
  }

  /** Takes a copy of `bytes`. */
  write(bytes: Uint8Array): WriteOutcome {
    if (this.#closed || this.#endWritten) return 'taken'
    this.#segments.push({ bytes: new Uint8Array(bytes), dueAt: this.#clock.now() + this.#delay })
    this.#bytes += bytes.length
    this.bytesWritten += bytes.length
    this.schedule()
    if (this.queuedBytes === 0) return 'taken'
    this.#waitsForDrain = true
    return 'queued'
  }

  /** Ends the stream. */
  end(): void {
    this.#endWritten = true
    this.schedule()
  }

  /** Starts or resumes reading. */
  read(): void {
    this.#hasReader = true
    this.#paused = false
    this.schedule()
  }

  /** Pauses reading. */
  pause(): void {
    this.#paused = true
  }

  /** Stops the pipe for good. */
  close(): void {
    this.#closed = true
    this.#segments.length = 0
    this.#bytes = 0
    this.#timer?.[Symbol.dispose]()
  }

  /** Schedules a delivery after a fault has changed or new bytes were written. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    // Through a microtask, so that code that waits for the last piece runs before the next one is
    // delivered.
    queueMicrotask(() => this.#environment.defer(deliver, this))
  }

  /**
   * Delivers one piece, if one is due. Further pieces follow in turns of their own, like reads of a
   * socket.
   */
  deliver(): void {
    this.#scheduled = false
    if (this.#closed || !this.#hasReader || this.#paused || this.faults.stalled === true) return
    if (this.faults.silent === true) return
    const segment = this.#segments[0]
    if (segment === undefined) {
      this.#deliverEnd()
      return
    }
    const wait = segment.dueAt - this.#clock.now()
    if (wait > 0) {
      this.#timer?.[Symbol.dispose]()
      this.#timer = this.#clock.setTimer(wait, () => this.schedule())
      return
    }
    this.schedule()
    this.#deliverPiece(segment)
  }

  get #clock(): Clock {
    return this.#environment.clock
  }

  get #delay(): number {
    return this.faults.delayMs ?? 0
  }

  #deliverPiece(segment: Segment): void {
    const untilReset = (this.faults.resetAfterBytes ?? Infinity) - this.#delivered
    if (untilReset <= 0) {
      this.#ends.reset()
      return
    }
    const wanted = this.faults.cut?.(segment.bytes.length) ?? segment.bytes.length
    const size = Math.min(Math.max(1, Math.trunc(wanted)), segment.bytes.length, untilReset)
    const piece = segment.bytes.subarray(0, size)
    if (size === segment.bytes.length) this.#segments.shift()
    else this.#segments[0] = { bytes: segment.bytes.subarray(size), dueAt: segment.dueAt }
    this.#bytes -= size
    this.#delivered += size
    // Lent, like a socket's read buffer, so that tests detect receivers that keep it without a
    // copy.
    const lent = new Uint8Array(piece)
    this.#ends.arrived(lent)
    lent.fill(0xee)
    this.#drain()
    if (this.#delivered >= (this.faults.resetAfterBytes ?? Infinity)) this.#ends.reset()
  }

  #drain(): void {
    if (!this.#waitsForDrain || this.queuedBytes > 0 || this.#closed) return
    this.#waitsForDrain = false
    this.#ends.drained()
  }

  #deliverEnd(): void {
    if (!this.#endWritten || this.#endDelivered) return
    this.#endDelivered = true
    this.#ends.ended()
  }
}

function deliver(pipe: MemoryPipe): void {
  pipe.deliver()
}
