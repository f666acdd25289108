/**
 * The heartbeat of one session: decides when to send a question, and what an answer or silence
 * means.
 *
 * The first question is sent at once, and also negotiates. An answer means that the server supports
 * heartbeats; later silence then means that the server is gone. If other messages arrive without an
 * answer, the server does not support heartbeats. Later questions are sent when nothing has arrived
 * for a period.
 *
 * A late timer means that this machine slept or that the page's timers are throttled. It says
 * nothing about the server, so a new question is sent with the full timeout.
 */

import type { Duration } from '../../base/index.ts'
import { type Environment, type OptionTable, optionTable, timeLimit } from '../../base/internal.ts'
import { HEARTBEAT_LIMIT, heartbeatQuestion, isHeartbeatAnswer } from '../../protocol/portable.ts'
import type { HeartbeatListener } from '../../session/internal.ts'
import { PingTimeoutError } from '../../session/portable.ts'

/** How a client checks that the server is alive, on platforms where pings are not visible. */
export interface HeartbeatOptions {
  /**
   * Time without any message after which a question is sent; above 0. A number is milliseconds.
   *
   * @defaultValue 25 seconds
   */
  readonly period?: Duration

  /**
   * Time limit for the answer or any other message; above 0. A number is milliseconds.
   *
   * @defaultValue 10 seconds
   */
  readonly timeout?: Duration
}

/** The checked `HeartbeatOptions`, in milliseconds. */
export interface HeartbeatSettings {
  readonly period: number
  readonly timeout: number
}

/**
 * Whether the server answers heartbeats. `unknown`: no answer yet. `unsupported`: other messages
 * arrived instead, and no more questions are sent.
 */
export type HeartbeatState = 'unknown' | 'supported' | 'unsupported'

/** The members of a session that its heartbeat uses, on Node and in browsers. */
export interface HeartbeatOwner {
  readonly outgoing: { trySend(question: string): unknown }
  /** Bytes that wait to be sent. While the number changes, the server is reading. */
  readonly bufferedAmount: number
  /** The part of `bufferedAmount` whose progress the platform does not show. */
  readonly hiddenAmount: number
  /** Bytes that have arrived, if the platform shows them before their message is complete. */
  readonly received: number
  /** Whether reading has stopped because the reader is slow. Answers then do not arrive. */
  readonly isReadingStopped: boolean
  /** Calls `listener` for every message, and passes it the answers instead of the reader. */
  listen(listener: HeartbeatListener): void
  /** Ends the session at once with `cause`. Queued messages are dropped. */
  vanish(cause: Error): void
}

/** The slowest upload that is waited for if its progress is hidden: 32 kB a second. */
const MIN_BYTES_PER_MS = 32

/** Tolerated delay of a timer. In hidden pages timers are up to a second late. */
const LATE_MS = 2_000

/** Limit of consecutive late timers that are excused. Without it, silence could stay unnoticed. */
const MAX_LATE = 3

/** Questions without any reaction, after which a server that never answered is asked no more. */
const MAX_UNANSWERED = 3

/** The option `heartbeat`: defaults and checks. */
export const HEARTBEAT_OPTIONS: OptionTable<HeartbeatSettings> = optionTable<HeartbeatSettings>({
  period: timeLimit(25_000),
  timeout: timeLimit(10_000),
})

/** Sends questions, and ends the session when the server is silent. */
export class Heartbeat implements HeartbeatListener {
  readonly #clock: Environment['clock']
  readonly #settings: HeartbeatSettings
  readonly #owner: HeartbeatOwner
  #state: HeartbeatState
  #timer: Disposable | null = null
  #count = 0
  /** Whether a question is unanswered. */
  #isAsking = false
  /** Whether a message has arrived since the last timer. */
  #heard = false
  #buffered = 0
  #received = 0
  /** Until when the upload that was running when the question was sent may take. */
  #sendsUntil = 0
  #late = 0
  #unanswered = 0
  #isOver = false

  /**
   * Listens to `owner` and sends the first question.
   *
   * @param isKnown whether this server has answered in an earlier session.
   */
  constructor(
    clock: Environment['clock'],
    settings: HeartbeatSettings,
    owner: HeartbeatOwner,
    isKnown: boolean,
  ) {
    this.#clock = clock
    this.#settings = settings
    this.#owner = owner
    this.#state = isKnown ? 'supported' : 'unknown'
    owner.listen(this)
    this.#ask()
  }

  get state(): HeartbeatState {
    return this.#state
  }

  /** Sends a question at once, because the platform hints that the network has changed. */
  ask(): void {
    if (this.#isOver || this.#state === 'unsupported') return
    this.#late = 0
    this.#ask()
  }

  heard(): void {
    this.#heard = true
  }

  /** An answer counts, whichever question it belongs to. */
  takes(text: string | Uint8Array): boolean {
    if (!isHeartbeatAnswer(text)) return false
    if (!this.#isOver) {
      this.#state = 'supported'
      this.#rest()
    }
    return true
  }

  /** Restarts the timeout: the answer may be among the bytes that are read from now on. */
  readingResumed(): void {
    if (this.#isAsking && !this.#isOver) this.#arm(this.#settings.timeout)
  }

  /** Stops when the session ends. */
  stop(): void {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
  }

  /** Sends no more questions. A late answer starts the heartbeat again. */
  #leaveAlone(): void {
    this.#state = 'unsupported'
    this.#timer?.[Symbol.dispose]()
  }

  #ask(): void {
    this.#heard = false
    this.#isAsking = true
    this.#buffered = this.#owner.bufferedAmount
    this.#received = this.#owner.received
    this.#sendsUntil = this.#clock.now() + this.#owner.hiddenAmount / MIN_BYTES_PER_MS
    this.#owner.outgoing.trySend(heartbeatQuestion(this.#count))
    this.#count = (this.#count + 1) % HEARTBEAT_LIMIT
    this.#arm(this.#settings.timeout)
  }

  #rest(): void {
    this.#isAsking = false
    this.#heard = false
    this.#late = 0
    this.#unanswered = 0
    this.#arm(this.#settings.period)
  }

  #arm(delayMs: number): void {
    this.#timer?.[Symbol.dispose]()
    const dueAt = this.#clock.now() + delayMs
    this.#timer = this.#clock.setTimer(delayMs, () => this.#look(this.#clock.now() - dueAt))
  }

  #look(lateMs: number): void {
    if (!this.#isAsking) {
      if (this.#heard) this.#rest()
      else this.#ask()
    } else if (this.#owner.isReadingStopped) {
      this.#arm(this.#settings.timeout)
    } else if (this.#heard) {
      // The server is alive. Without any answer so far, it does not support heartbeats.
      if (this.#state === 'unknown') this.#leaveAlone()
      else this.#rest()
    } else {
      this.#judgeSilence(lateMs)
    }
  }

  #judgeSilence(lateMs: number): void {
    const { bufferedAmount: buffered, received } = this.#owner
    if (lateMs > LATE_MS && this.#late < MAX_LATE) {
      this.#late++
      this.#ask()
    } else if (buffered !== this.#buffered || received !== this.#received) {
      // The question or the answer waits behind a message that is still being transferred.
      this.#buffered = buffered
      this.#received = received
      this.#arm(this.#settings.timeout)
    } else if (this.#clock.now() < this.#sendsUntil) {
      this.#arm(this.#settings.timeout)
    } else if (this.#state === 'supported') {
      this.stop()
      this.#owner.vanish(new PingTimeoutError(this.#settings.timeout))
    } else if (++this.#unanswered < MAX_UNANSWERED) {
      this.#isAsking = false
      this.#arm(this.#settings.period)
    } else {
      this.#leaveAlone()
    }
  }
}
