/**
 * The rate limits of a session. Above the rate of messages or bytes, reading stops until the rate
 * is met, or the session fails. Control frames cost an answer each and must not wait for long: too
 * many control frames always fail the session.
 */

import { type Environment, TokenBucket, type WheelTimer } from '../../base/internal.ts'
import { RateLimitError } from '../errors.ts'
import type { SessionSettings } from '../settings.ts'

/** The session, as its rate limits see it. */
export interface RateCalls<Reader> {
  /** Reading has to wait for the rate, or may go on. */
  readonly wait: (reader: Reader, isWaiting: boolean) => void
  readonly exceeded: (reader: Reader, error: RateLimitError) => void
}

/** Whether messages or bytes have a rate, and not only control frames. */
export function countsData(settings: SessionSettings): boolean {
  return settings.maxMessagesPerSecond !== Infinity || settings.maxBytesPerSecond !== Infinity
}

/** The rates of one session. A token bucket is made when it first counts something. */
export class RateLimits<Reader> {
  readonly #environment: Environment
  readonly #settings: SessionSettings
  readonly #reader: Reader
  readonly #calls: RateCalls<Reader>
  #messages: TokenBucket | null = null
  #bytes: TokenBucket | null = null
  #controlFrames: TokenBucket | null = null
  #timer: WheelTimer | null = null

  /** @param calls one object for all sessions: an idle session keeps no functions of its own. */
  constructor(
    environment: Environment,
    settings: SessionSettings,
    reader: Reader,
    calls: RateCalls<Reader>,
  ) {
    this.#environment = environment
    this.#settings = settings
    this.#reader = reader
    this.#calls = calls
  }

  /** Counts a message. @returns whether it is accepted. */
  message(): boolean {
    const { maxMessagesPerSecond } = this.#settings
    if (maxMessagesPerSecond === Infinity) return true
    this.#messages ??= this.bucket(maxMessagesPerSecond)
    const left = this.#messages.spend(1)
    return left >= 1 || this.spent('maxMessagesPerSecond', maxMessagesPerSecond, left)
  }

  /** Counts bytes that have been read. */
  bytes(count: number): void {
    const { maxBytesPerSecond } = this.#settings
    if (maxBytesPerSecond === Infinity) return
    this.#bytes ??= this.bucket(maxBytesPerSecond)
    const left = this.#bytes.spend(count)
    if (left < 1) this.spent('maxBytesPerSecond', maxBytesPerSecond, left)
  }

  /** Counts a ping or a pong. @returns whether it is accepted. */
  controlFrame(): boolean {
    const { maxControlFramesPerSecond } = this.#settings
    if (maxControlFramesPerSecond === Infinity) return true
    this.#controlFrames ??= this.bucket(maxControlFramesPerSecond)
    if (this.#controlFrames.spend(1) >= 0) return true
    this.#calls.exceeded(
      this.#reader,
      new RateLimitError('maxControlFramesPerSecond', maxControlFramesPerSecond),
    )
    return false
  }

  /** Stops the timer: nothing is read any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  private bucket(perSecond: number): TokenBucket {
    return new TokenBucket(this.#environment.clock, perSecond, this.#settings.rateBurst)
  }

  /** The last token was taken. @returns whether the message that took it is accepted. */
  private spent(name: RateLimitError['limitName'], perSecond: number, left: number): boolean {
    if (this.#settings.onRateLimit === 'wait') {
      this.wait()
      return true
    }
    if (left >= 0) return true
    this.#calls.exceeded(this.#reader, new RateLimitError(name, perSecond))
    return false
  }

  private wait(): void {
    if (this.#timer !== null) return
    const waitMs = Math.max(this.#messages?.msUntilToken ?? 0, this.#bytes?.msUntilToken ?? 0)
    this.#timer = this.#environment.timers.schedule(waitMs, () => this.waited())
    this.#calls.wait(this.#reader, true)
  }

  private waited(): void {
    this.#timer = null
    const waitMs = Math.max(this.#messages?.msUntilToken ?? 0, this.#bytes?.msUntilToken ?? 0)
    if (waitMs > 0) this.#timer = this.#environment.timers.schedule(waitMs, () => this.waited())
    else this.#calls.wait(this.#reader, false)
  }
}
