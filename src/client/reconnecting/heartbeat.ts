/**
 * The heartbeat of one session: when a question goes out, and what its answer, or silence, means.
 *
 * The first question goes out at once and is the negotiation too. An answer means that the server
 * knows heartbeats; from then on silence means that the server is gone. Other messages without an
 * answer mean that the server does not know heartbeats. Later questions go out when nothing has
 * arrived for a period.
 *
 * A late timer means that this machine slept or that the page's timers are throttled. It says
 * nothing about the server, so a new question goes out and gets the whole timeout.
 */

import type { Duration } from '../../base/index.ts'
import { type Environment, type OptionTable, optionTable, timeLimit } from '../../base/internal.ts'
import { HEARTBEAT_LIMIT, heartbeatQuestion, isHeartbeatAnswer } from '../../protocol/portable.ts'
import type { HeartbeatListener } from '../../session/internal.ts'
import { PingTimeoutError } from '../../session/portable.ts'

/** How a client checks that the server is still there, on platforms that show it no pings. */
export interface HeartbeatOptions {
  /**
   * After how long without any message a question is sent; above 0. A number is milliseconds.
   *
   * @defaultValue 25 seconds
   */
  readonly period?: Duration

  /**
   * How long the answer, or any other message, may take; above 0. A number is milliseconds.
   *
   * @defaultValue 10 seconds
   */
  readonly timeout?: Duration
}

/** `HeartbeatOptions`, complete, in milliseconds. */
export interface HeartbeatSettings {
  readonly period: number
  readonly timeout: number
}

/**
 * Whether the server answers heartbeats: `unknown` before its first answer; `unsupported` when other
 * messages came instead, and then it is not asked again.
 */
export type HeartbeatState = 'unknown' | 'supported' | 'unsupported'

/** A session as its heartbeat sees it: Node's and a browser's. */
export interface HeartbeatOwner {
  readonly outgoing: { trySend(question: string): unknown }
  /** Bytes that wait to be sent. While the number changes, the server is reading. */
  readonly bufferedAmount: number
  /** How many of them are in messages whose progress the platform does not show. */
  readonly hiddenAmount: number
  /** Bytes that have arrived, where the platform shows them before their message is whole. */
  readonly received: number
  /** Whether the network is not read, because the reader is slow: answers cannot be seen. */
  readonly isReadingStopped: boolean
  /** Tells `listener` of every message, and gives it the answers instead of showing them. */
  listen(listener: HeartbeatListener): void
  /** Ends the session at once with `cause`; nothing that waits is sent any more. */
  vanish(cause: Error): void
}

/** Where the progress of an upload is hidden, the slowest that is waited for: 32 kB a second. */
const MIN_BYTES_PER_MS = 32

/** How late a timer may be. In hidden pages timers are up to a second late. */
const LATE_MS = 2_000

/** Late timers in a row that are excused. If all were, silence would never be noticed. */
const MAX_LATE = 3

/** Questions without an answer or any message, before a server that never answered is left alone. */
const MAX_UNANSWERED = 3

/** `heartbeat`: defaults, and which values are valid. */
export const HEARTBEAT_OPTIONS: OptionTable<HeartbeatSettings> = optionTable<HeartbeatSettings>({
  period: timeLimit(25_000),
  timeout: timeLimit(10_000),
})

/** Asks the server, and ends the session when it is silent. */
export class Heartbeat implements HeartbeatListener {
  readonly #clock: Environment['clock']
  readonly #settings: HeartbeatSettings
  readonly #owner: HeartbeatOwner
  #state: HeartbeatState
  #timer: Disposable | null = null
  #count = 0
  /** Whether a question waits for its answer. */
  #isAsking = false
  /** Whether a message has arrived since the last look. */
  #heard = false
  #buffered = 0
  #received = 0
  /** How long the upload that was under way when the question went out may take. */
  #sendsUntil = 0
  #late = 0
  #unanswered = 0
  #isOver = false

  /**
   * Listens to `owner` and asks the first question.
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

  /** Asks at once: for when the platform hints that the network has changed. */
  ask(): void {
    if (this.#isOver || this.#state === 'unsupported') return
    this.#late = 0
    this.#ask()
  }

  heard(): void {
    this.#heard = true
  }

  /** An answer counts whichever question it belongs to. */
  takes(text: string | Uint8Array): boolean {
    if (!isHeartbeatAnswer(text)) return false
    if (!this.#isOver) {
      this.#state = 'supported'
      this.#rest()
    }
    return true
  }

  /** The answer may be among the bytes that are read from here on. */
  readingResumed(): void {
    if (this.#isAsking && !this.#isOver) this.#arm(this.#settings.timeout)
  }

  /** The session is ending. */
  stop(): void {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
  }

  /** Asks no more; a late answer starts the heartbeat again. */
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
      // The server is there. If it has never answered by now, it does not know heartbeats.
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
      // The question or the answer waits behind a message that is on its way.
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
