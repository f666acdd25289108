/**
 * One direction of a connection in memory: bytes in order, with the bounds and the faults of a
 * network.
 */

import type { Clock } from '../../base/index.ts'
import type { Environment } from '../../base/internal.ts'
import type { WriteOutcome } from '../../session/index.ts'

/** What may go wrong in one direction. Every field may be changed while bytes are under way. */
export interface PipeFaults {
  /** How long each write is under way, in milliseconds of the clock. @defaultValue 0 */
  delayMs?: number

  /**
   * Cuts what arrives: given the bytes at hand (1 and above), says how many are delivered in the
   * next piece (1 and above; more than there are means all). @defaultValue everything that was
   * written at once
   */
  cut?: (bytesAtHand: number) => number

  /**
   * The connection is reset once this many bytes have been delivered, counted from the start.
   * @defaultValue `Infinity`
   */
  resetAfterBytes?: number

  /**
   * The receiver's machine does not read: bytes stay under way until it is `false` again.
   * @defaultValue false
   */
  stalled?: boolean

  /**
   * What is written vanishes, the end of the stream too, as on a cable that was cut. @defaultValue
   * false
   */
  silent?: boolean
}

/** What a pipe tells the two ends. */
export interface PipeEnds {
  /** Bytes arrive at the receiver. */
  arrived(bytes: Uint8Array): void
  /** The end of the stream arrives at the receiver. */
  ended(): void
  /** Everything beyond the capacity has moved on: the writer may go on. */
  drained(): void
  /** The fault `resetAfterBytes` strikes. */
  reset(): void
}

/** What the two kernels between writer and reader hold, in bytes. */
export const PIPE_CAPACITY_BYTES: number = 128 * 1024

interface Segment {
  readonly bytes: Uint8Array
  readonly dueAt: number
}

/** Carries bytes one way. */
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

  /** Bytes beyond what the kernels hold. */
  get queuedBytes(): number {
    return Math.max(0, this.#bytes - PIPE_CAPACITY_BYTES)
  }

  /** Whether the end has arrived at the reader. */
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

  /** The writer sends no more. */
  end(): void {
    this.#endWritten = true
    this.schedule()
  }

  /** The reader is there, or is there again. */
  read(): void {
    this.#hasReader = true
    this.#paused = false
    this.schedule()
  }

  /** The reader takes nothing more for the time being. */
  pause(): void {
    this.#paused = true
  }

  /** Nothing moves any more. */
  close(): void {
    this.#closed = true
    this.#segments.length = 0
    this.#bytes = 0
    this.#timer?.[Symbol.dispose]()
  }

  /** Looks again at what can be delivered: a fault has changed, or there is something new. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    // By way of a microtask, so that what waits for the last piece runs before the next one is
    // delivered.
    queueMicrotask(() => this.#environment.defer(deliver, this))
  }

  /**
   * Delivers one piece, if one is due; further ones follow in turns of their own, as reads of a
   * socket do.
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
    // Lent, as a socket's read buffer is: whoever keeps it without a copy is found out.
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
