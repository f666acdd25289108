/**
 * Sends the pings of one session, and detects a peer that stays silent after a ping.
 *
 * A ping is sent every period, the first one a period after the start. The first unanswered ping
 * starts the timeout. Any byte from the peer ends the timeout, not only a pong (RFC 6455 §5.5.2
 * lets a ping serve as a keep-alive). Bytes that move towards the peer put the timeout off, because
 * a ping waits behind a large message. While reading is held back the timeout stands still.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import { FrameType, sameBytes } from '../../protocol/internal.ts'
import { PatientTimer, type TimerOwner } from '../patient-timer.ts'

/** The two halves of a session, as pings see them. */
export interface PingPath {
  readonly read: {
    /** Bytes that have arrived so far. */
    readonly received: number
  }
  readonly write: {
    /** See `Transport`. */
    readonly transport: { readonly bytesWritten: number; readonly queuedBytes: number }
    /** `null`: nothing has ever had to wait. */
    readonly backlog: {
      /** When bytes were last seen to move towards the peer; `-Infinity` if never. */
      readonly movedOutAt: number
    } | null
    control(type: typeof FrameType.PING, payload: Uint8Array): void
  }
}

interface Ping {
  readonly payload: Uint8Array
  readonly sentAt: number
  /** Bytes that had been given to the transport before the ping. */
  readonly behindBytes: number
}

const PAYLOAD_BYTES = 8

/** The most bytes that operating systems and proxies may hold in front of a ping. */
const MAX_AHEAD_BYTES = 16 * 1024 * 1024

/** The slowest rate at which they are assumed to move, unseen: 512 kB a second. */
const AHEAD_BYTES_PER_MS = 512

/** Pings whose answers count. Older pings are forgotten: a later answer shows the same. */
const MAX_OUTSTANDING = 8

/**
 * How early a later ping may be sent, as a fraction of the period: the pings of sessions that were
 * opened together spread out.
 */
const SPREAD = 1 / 8

/**
 * Sends pings, and watches for bytes of the peer. Idle sessions keep one: it has no closures, and
 * no `#` methods.
 */
export class Pinger implements TimerOwner {
  readonly #environment: Environment
  readonly #path: PingPath
  readonly #period: number
  readonly #timeout: number
  readonly #timedOut: (timeoutMs: number) => void
  /** The pings that have not been answered; `null`: none. */
  #outstanding: Ping[] | null = null
  #pingTimer: WheelTimer
  readonly #deadline: PatientTimer
  /** The rest of the timeout when reading was held back; `null` if it was not running. */
  #remaining: number | null = null
  /** Bytes that have arrived at the peer, as the last pong shows. */
  #arrivedBytes = 0
  #paused = false
  /** Bytes that had arrived from the peer when the timeout was last started. */
  #receivedBefore: number

  /** Starts at once. `period` and `timeout` are in milliseconds, above 0. */
  constructor(
    environment: Environment,
    path: PingPath,
    period: number,
    timeout: number,
    timedOut: (timeoutMs: number) => void,
  ) {
    this.#environment = environment
    this.#path = path
    this.#receivedBefore = path.read.received
    this.#timedOut = timedOut
    this.#period = period
    this.#timeout = timeout
    this.#deadline = new PatientTimer(environment, this)
    this.#pingTimer = environment.timers.schedule(period, ping, this)
  }

  /** A pong has arrived. @returns the round-trip time if it answers our ping, else `null`. */
  pong(payload: Uint8Array): number | null {
    const outstanding = this.#outstanding ?? []
    const index = outstanding.findIndex((each) => sameBytes(each.payload, payload))
    const answered = outstanding[index]
    if (answered === undefined) return null
    const isLast = index + 1 === outstanding.length
    this.#outstanding = isLast ? null : outstanding.slice(index + 1)
    this.#arrivedBytes = answered.behindBytes
    return this.#environment.clock.now() - answered.sentAt
  }

  /** Reading is held back: answers cannot be seen, so the timeout stands still. */
  pause(): void {
    if (this.#paused) return
    this.#paused = true
    if (!this.#deadline.isSet) return
    this.#remaining = Math.max(0, this.#deadline.dueAt - this.#environment.clock.now())
    this.#deadline.cancel()
  }

  /** Reading continues. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#remaining === null) return
    this.#deadline.set(this.#remaining)
    this.#remaining = null
  }

  /** Stops the pings and the timeout. */
  stop(): void {
    this.#pingTimer.cancel()
    this.#deadline.cancel()
    this.#remaining = null
  }

  /** The next ping is due. */
  ping(): void {
    const payload = this.#environment.random(new Uint8Array(PAYLOAD_BYTES))
    const sent: Ping = {
      payload,
      sentAt: this.#environment.clock.now(),
      behindBytes: this.#path.write.transport.bytesWritten,
    }
    // An array that grows by `push` has room for 17.
    this.#outstanding = [...(this.#outstanding ?? []), sent].slice(-MAX_OUTSTANDING)
    const early = ((payload[0] ?? 0) / 256) * SPREAD * this.#period
    this.#pingTimer = this.#environment.timers.schedule(this.#period - early, ping, this)
    this.watch()
    this.#path.write.control(FrameType.PING, payload)
  }

  /** Starts the timeout, unless it runs already and nothing has been heard since it was started. */
  private watch(): void {
    const isRunning = this.#deadline.isSet || this.#remaining !== null
    if (isRunning && !this.isHeard) return
    this.#receivedBefore = this.#path.read.received
    const timeout = this.#timeout + this.aheadMs()
    if (this.#paused) this.#remaining = timeout
    else this.#deadline.set(timeout)
  }

  /**
   * How long the bytes that the operating system took before a ping may delay the ping. Bytes that
   * the transport still keeps give no extra time: their progress can be seen (`movedOutAt`).
   */
  private aheadMs(): number {
    const { bytesWritten, queuedBytes } = this.#path.write.transport
    const aheadBytes = Math.max(0, bytesWritten - queuedBytes - this.#arrivedBytes)
    return Math.floor(Math.min(aheadBytes, MAX_AHEAD_BYTES) / AHEAD_BYTES_PER_MS)
  }

  /** Whether bytes of any kind have arrived since the timeout was started. */
  private get isHeard(): boolean {
    return this.#path.read.received !== this.#receivedBefore
  }

  /** See `TimerOwner`: the peer was silent for the timeout. */
  due(): void {
    if (this.isHeard) return
    // The ping waits behind bytes that the peer is still taking.
    const movedAt = this.#path.write.backlog?.movedOutAt ?? -Infinity
    const leftMs = movedAt + this.#timeout - this.#environment.clock.now()
    if (leftMs > 0) this.#deadline.set(leftMs)
    else this.#timedOut(this.#timeout)
  }
}

function ping(pinger: Pinger): void {
  pinger.ping()
}
