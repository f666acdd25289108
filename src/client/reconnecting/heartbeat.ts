/**
 * The beats of one session: when a question goes out, and what its answer, or silence, means.
 *
 * The first question goes out at once, and is the negotiation too: an answer means that the server knows heartbeats, and
 * from then on silence means that it is gone. Other traffic without an answer means that it does not know them. Later
 * questions go out when nothing has been heard for a period.
 *
 * A timer that is late says that this machine slept, or that the page's timers are throttled, and nothing about the
 * peer: a fresh question goes out, and gets all of the timeout.
 */

import type { Duration } from '../../base/index.ts'
import {
  type Environment,
  readTimeLimit,
  requireKnownNames,
  requireObject,
} from '../../base/internal.ts'
import { HEARTBEAT_LIMIT, heartbeatQuestion } from '../../protocol/portable.ts'

/** How a client makes sure that the server is there, where pings are not to be seen. */
export interface HeartbeatOptions {
  /** How long nothing may have been heard before a question is sent; above 0. @defaultValue 25 seconds */
  readonly period?: Duration

  /** How long an answer, or anything else, may take; above 0. @defaultValue 10 seconds */
  readonly timeout?: Duration
}

/** `HeartbeatOptions`, complete, in milliseconds. */
export interface HeartbeatSettings {
  readonly period: number
  readonly timeout: number
}

/**
 * What is known of the server: `unknown` until it has answered for the first time; `unsupported` when it has shown that
 * it does not answer, and is not asked any more.
 */
export type HeartbeatState = 'unknown' | 'supported' | 'unsupported'

/** What beats ask of their session. */
export interface HeartbeatOwner {
  /** Bytes that wait to be sent: as long as they change, the server takes them. */
  readonly bufferedAmount: number
  /** How many of them are in messages whose progress the platform does not show. */
  readonly hiddenAmount: number
  /** Bytes that have arrived, where the platform shows them: a message may take long to be whole. */
  readonly received: number
  /** Sends a question, if that takes no waiting. */
  ask(question: string): void
  /** Nothing has been heard for too long. Called at most once; nothing is asked any more. */
  silent(): void
}

/** The slowest upload that is waited for where its progress is not shown: 32 kB a second. */
const MIN_BYTES_PER_MS = 32

/** How late a timer may be. Pages in the background have timers that are a second late. */
const LATE_MS = 2_000

/** Beats in a row that may be judged late: with timers that are always late, silence would never be one. */
const MAX_LATE = 3

/** Questions without an answer, and without any other traffic, before a server that never answered is left alone. */
const MAX_UNANSWERED = 3

/**
 * Reads the option.
 *
 * @param act what is being done, for messages.
 * @returns `null`: no heartbeat.
 */
export function readHeartbeat(
  act: string,
  options: HeartbeatOptions | null | undefined,
): HeartbeatSettings | null {
  if (options === null || options === undefined) return null
  requireObject(act, 'option "heartbeat"', options)
  requireKnownNames(act, options, ['period', 'timeout'], 'heartbeat.')
  return {
    period: readTimeLimit(act, 'heartbeat.period', options.period, 25_000),
    timeout: readTimeLimit(act, 'heartbeat.timeout', options.timeout, 10_000),
  }
}

/** Asks, and judges. */
export class Heartbeat {
  readonly #clock: Environment['clock']
  readonly #settings: HeartbeatSettings
  readonly #owner: HeartbeatOwner
  #state: HeartbeatState
  #timer: Disposable | null = null
  #count = 0
  /** Whether a question waits for its answer. */
  #isAsking = false
  /** Whether anything has come since the last look. */
  #heard = false
  /** Whether what comes cannot be seen, because nobody takes what has come before. */
  #isBlind = false
  #buffered = 0
  #received = 0
  /** Until when the upload that was under way when the question was sent may last. */
  #sendsUntil = 0
  #late = 0
  #unanswered = 0
  #isOver = false

  /** @param isKnown whether this server has answered in an earlier session. */
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
  }

  get state(): HeartbeatState {
    return this.#state
  }

  /** Asks, now: at the start, and when a platform hints that things have changed. */
  ask(): void {
    if (this.#isOver || this.#state === 'unsupported') return
    this.#late = 0
    this.#ask()
  }

  /** Something has arrived. */
  heard(): void {
    this.#heard = true
  }

  /** An answer has arrived, to whichever question. */
  answered(): void {
    if (this.#isOver) return
    this.#state = 'supported'
    this.#rest()
  }

  /** Whether what arrives is held back because the reader is slow. */
  set isBlind(isBlind: boolean) {
    this.#isBlind = isBlind
  }

  /** The session is over. */
  stop(): void {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
  }

  /** No more questions; a late answer begins it all again. */
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
    this.#owner.ask(heartbeatQuestion(this.#count))
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
    } else if (this.#isBlind) {
      this.#arm(this.#settings.timeout)
    } else if (this.#heard) {
      // It is there. One that has never answered by now does not know how to.
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
      // The question, or the answer, waits behind a message that is on its way.
      this.#buffered = buffered
      this.#received = received
      this.#arm(this.#settings.timeout)
    } else if (this.#clock.now() < this.#sendsUntil) {
      this.#arm(this.#settings.timeout)
    } else if (this.#state === 'supported') {
      this.stop()
      this.#owner.silent()
    } else if (++this.#unanswered < MAX_UNANSWERED) {
      this.#isAsking = false
      this.#arm(this.#settings.period)
    } else {
      this.#leaveAlone()
    }
  }
}
