/**
 * When bytes are read, and when the peer has to wait.
 *
 * Reading is held back for a slow handler, for a rate or for an extension. The end of the peer has to be
 * noticed all the same, and no operating system reports it for a socket that is not read. So whoever is held
 * back for long is looked after about twice a second:
 *
 * 1. At first reading goes on, up to a bound, so that a Close frame or a FIN behind what waits is met.
 * 2. Past the bound the transport is probed: a connection that was reset is found by a write. The session,
 *    a raw one too, also sends an unsolicited Pong (RFC 6455 §5.5.3), which the machine of a peer that has
 *    gone answers with a reset.
 *
 * The timer keeps the process alive, as the socket does while it is read.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import { type FrameDecoder, HeldBytes } from '../../protocol/internal.ts'
import type { Incoming } from './incoming.ts'
import { type PauseReason, PauseReasons } from './pause-reasons.ts'
import type { Transport } from '../transport.ts'

/** What reading asks of its connection. */
export interface ReadingOwner {
  /** Decodes bytes that it is the turn of. */
  decode(bytes: Uint8Array): void
  /** The transport is read no more, or is read again. */
  readingStopped(stopped: boolean): void
  /** The peer's FIN had to wait for an extension, and is to be looked at now. */
  endReached(): void
  /** Sends something small that asks for no answer. */
  nudge(): void
}

/** How often a session that is held back is looked after. */
const LOOK_MS = 450

/** The least time between two nudges: with it a peer that has gone is known within two seconds. */
const NUDGE_MS = 900

/** What was kept is decoded in pieces of this size, as it would have been read. */
const PIECE_BYTES = 64 * 1024

/** Holds one session's reading back, and looks after it meanwhile. */
export class Reading {
  readonly #environment: Environment
  readonly #transport: Transport
  readonly #decoder: FrameDecoder
  readonly #incoming: Incoming
  readonly #owner: ReadingOwner
  readonly #reasons = new PauseReasons()
  #isStopped = false
  /** No handler and no rate holds it back any more. */
  #isFinal = false
  /** Our Close frame has been sent. */
  #isClosing = false
  /** Bytes that were read although the decoder may not go on; absent while there are none. */
  #kept: HeldBytes | null = null
  /** Whether the transport is read for `#kept`. */
  #keeps = false
  #isFeeding = false
  #endWaits = false
  #isGone = false
  #timer: WheelTimer | null = null
  /** Whether reading has gone on since the last look, if only for a moment. */
  #hasRun = false
  /** Whether the last look found it held back. */
  #wasHeld = false
  #nudgedAt = -Infinity

  constructor(
    environment: Environment,
    transport: Transport,
    decoder: FrameDecoder,
    incoming: Incoming,
    owner: ReadingOwner,
  ) {
    this.#environment = environment
    this.#transport = transport
    this.#decoder = decoder
    this.#incoming = incoming
    this.#owner = owner
  }

  /** Memory of bytes that were read and cannot be decoded yet. */
  get heldBytes(): number {
    return this.#kept?.memory.length ?? 0
  }

  /** Whether frames of the peer wait, be it that reading goes on to find its end. */
  get isHeldBack(): boolean {
    return !this.#reasons.isEmpty || this.#incoming.isAhead
  }

  /** Whether the transport is not read at the moment. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Bytes have arrived. They are lent. */
  receive(bytes: Uint8Array): void {
    if (this.#kept === null && !this.#keeps) {
      this.#owner.decode(bytes)
      return
    }
    if (this.#kept === null) this.#kept = new HeldBytes(bytes, 0)
    else this.#kept.append(bytes)
    if (this.#kept.byteLength < this.#incoming.mostAhead) return
    this.#keeps = false
    this.#stop()
  }

  pause(reason: PauseReason): void {
    if (reason !== 'extension') {
      if (this.#isFinal) return
      if (this.#isClosing) {
        this.#readPast(reason)
        return
      }
    }
    if (!this.#reasons.add(reason)) return
    this.#decoder.pause()
    this.#keeps = false
    this.#stop()
    this.#watch()
    if (this.#incoming.isAhead) this.#probe()
  }

  resume(reason: PauseReason): void {
    if (this.#reasons.remove(reason)) this.#goOn()
  }

  /** Our Close frame has been sent: its answer must be seen, and the handler may still read. */
  close(): void {
    if (this.#isClosing || this.#isFinal) return
    this.#isClosing = true
    for (const reason of ['rate', 'incoming'] as const) {
      if (this.#reasons.has(reason)) this.#readPast(reason)
    }
  }

  /** `incoming` takes nothing more: what holds it back has lost its meaning, and only the end is of interest. */
  readOn(): void {
    this.#isFinal = true
    const wasHeld = !this.#reasons.isEmpty
    this.#reasons.remove('incoming')
    this.#reasons.remove('rate')
    if (wasHeld && this.#reasons.isEmpty) this.#goOn()
  }

  /**
   * The peer's FIN has been read. What was read before it is decoded now, whatever held it back.
   *
   * @returns whether all of it has been; if not, an extension is working, and `endReached` follows.
   */
  end(): boolean {
    this.readOn()
    if (!this.#decoder.isPaused) return true
    this.#endWaits = true
    this.#watch()
    return false
  }

  /** The connection is gone. */
  stop(): void {
    this.#isGone = true
    this.#isFinal = true
    this.#endWaits = false
    this.#letGo()
    this.#timer?.cancel()
    this.#timer = null
  }

  /** What holds reading back after our Close frame: the handler may have more, up to the bound, and then no more. */
  #readPast(reason: 'incoming' | 'rate'): void {
    if (reason === 'incoming' && this.#incoming.lookAhead()) {
      this.resume(reason)
      return
    }
    this.#incoming.dropRest()
    this.readOn()
  }

  #goOn(): void {
    this.#hasRun = true
    // Whoever is feeding goes on by itself.
    if (this.#isFeeding) return
    this.#isFeeding = true
    this.#decoder.resume()
    this.#feed()
    this.#isFeeding = false
    if (this.#decoder.isPaused) return
    this.#keeps = false
    this.#start()
    if (!this.#endWaits) return
    this.#endWaits = false
    this.#owner.endReached()
  }

  /** Decodes what was kept, in pieces: a rate is looked at after each of them. */
  #feed(): void {
    for (;;) {
      const kept = this.#kept
      if (kept === null || this.#decoder.isPaused) return
      const from = kept.start
      kept.start = Math.min(from + PIECE_BYTES, kept.end)
      const piece = kept.memory.subarray(from, kept.start)
      if (kept.byteLength === 0) this.#letGo()
      this.#owner.decode(piece)
    }
  }

  #letGo(): void {
    this.#kept = null
    this.#keeps = false
  }

  #stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#transport.pause()
    this.#owner.readingStopped(true)
  }

  #start(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#owner.readingStopped(false)
    this.#transport.resume()
  }

  #watch(): void {
    if (this.#isGone) return
    this.#timer ??= this.#environment.waitingTimers.schedule(LOOK_MS, () => this.#timerFired())
  }

  #timerFired(): void {
    this.#timer = null
    const isHeld = !this.#reasons.isEmpty
    // Held back all the time, or again and again: a slow handler lets a frame in now and then. An extension that
    // gets on is waited for.
    const isDue = isHeld && (!this.#hasRun || (this.#wasHeld && !this.#endWaits))
    this.#hasRun = false
    this.#wasHeld = isHeld
    if (isDue) this.#look()
    if (!this.#reasons.isEmpty) this.#watch()
  }

  #look(): void {
    if (this.#endWaits) {
      // An extension that stands still is not waited for.
      this.#endWaits = false
      this.#decoder.stop()
      this.#letGo()
      this.#owner.endReached()
      return
    }
    if (this.#reasons.isOnly('incoming')) {
      if (this.#incoming.lookAhead()) this.resume('incoming')
      else this.#probe()
      return
    }
    if ((this.#kept?.byteLength ?? 0) < this.#incoming.mostAhead) {
      this.#keeps = true
      this.#start()
    } else {
      this.#probe()
    }
  }

  #probe(): void {
    this.#transport.probe()
    const now = this.#environment.clock.now()
    if (now - this.#nudgedAt < NUDGE_MS) return
    this.#nudgedAt = now
    this.#owner.nudge()
  }
}
