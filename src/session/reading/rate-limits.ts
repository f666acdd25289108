/**
 * How fast a peer may send. Above the rate of messages or bytes the peer has to wait, because
 * nothing is read, or the session fails. Control frames cost an answer each and cannot be made to
 * wait for long: too many of them always fail the session.
 */

import { type Environment, TokenBucket, type WheelTimer } from '../../base/internal.ts'
import { RateLimitError } from '../errors.ts'
import type { SessionSettings } from '../settings.ts'

/** What a rate that is exceeded does. */
export interface RateCalls {
  /** Reading has to wait for the rate, or may go on. */
  readonly wait: (isWaiting: boolean) => void
  readonly exceeded: (error: RateLimitError) => void
}

/** Whether messages or bytes have a rate, and not only control frames. */
export function countsData(settings: SessionSettings): boolean {
  return settings.maxMessagesPerSecond !== Infinity || settings.maxBytesPerSecond !== Infinity
}

/** The rates of one session. Buckets come into being when something is first counted in them. */
export class RateLimits {
  readonly #environment: Environment
  readonly #settings: SessionSettings
  readonly #calls: RateCalls
  #messages: TokenBucket | null = null
  #bytes: TokenBucket | null = null
  #controlFrames: TokenBucket | null = null
  #timer: WheelTimer | null = null

  constructor(environment: Environment, settings: SessionSettings, calls: RateCalls) {
    this.#environment = environment
    this.#settings = settings
    this.#calls = calls
  }

  /** A message has arrived. @returns whether it is let through. */
  message(): boolean {
    const { maxMessagesPerSecond } = this.#settings
    if (maxMessagesPerSecond === Infinity) return true
    this.#messages ??= this.#bucket(maxMessagesPerSecond)
    const left = this.#messages.spend(1)
    return left >= 1 || this.#spent('maxMessagesPerSecond', maxMessagesPerSecond, left)
  }

  /** So many bytes have arrived, and have been read. */
  bytes(count: number): void {
    const { maxBytesPerSecond } = this.#settings
    if (maxBytesPerSecond === Infinity) return
    this.#bytes ??= this.#bucket(maxBytesPerSecond)
    const left = this.#bytes.spend(count)
    if (left < 1) this.#spent('maxBytesPerSecond', maxBytesPerSecond, left)
  }

  /** A ping or a pong has arrived. @returns whether it is let through. */
  controlFrame(): boolean {
    const { maxControlFramesPerSecond } = this.#settings
    if (maxControlFramesPerSecond === Infinity) return true
    this.#controlFrames ??= this.#bucket(maxControlFramesPerSecond)
    if (this.#controlFrames.spend(1) >= 0) return true
    this.#calls.exceeded(new RateLimitError('maxControlFramesPerSecond', maxControlFramesPerSecond))
    return false
  }

  /** Nothing is counted any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #bucket(perSecond: number): TokenBucket {
    return new TokenBucket(this.#environment.clock, perSecond, this.#settings.rateBurst)
  }

  /** The last token has been taken. @returns whether what took it is let through. */
  #spent(name: RateLimitError['limitName'], perSecond: number, left: number): boolean {
    if (this.#settings.onRateLimit === 'wait') {
      this.#wait()
      return true
    }
    if (left >= 0) return true
    this.#calls.exceeded(new RateLimitError(name, perSecond))
    return false
  }

  #wait(): void {
    if (this.#timer !== null) return
    const waitMs = Math.max(this.#messages?.msUntilToken ?? 0, this.#bytes?.msUntilToken ?? 0)
    this.#timer = this.#environment.timers.schedule(waitMs, () => this.#waited())
    this.#calls.wait(true)
  }

  #waited(): void {
    this.#timer = null
    const waitMs = Math.max(this.#messages?.msUntilToken ?? 0, this.#bytes?.msUntilToken ?? 0)
    if (waitMs > 0) this.#timer = this.#environment.timers.schedule(waitMs, () => this.#waited())
    else this.#calls.wait(false)
  }
}
