/**
 * What a node publishes to one topic with history: in the order of the calls, each stored once,
 * also when the connection to the broker breaks in between.
 */

import { Deferred, type Environment, type WheelTimer, quoteName } from '../../../base/internal.ts'
import type { AppendIdentity, Appended, Broker, Head, LogTopic } from '../../broker.ts'
import {
  BrokerUnavailableError,
  ExpectationFailedError,
  PublishRefusedError,
  PublishUncertainError,
} from '../../errors.ts'
import type { PublishBudget } from './publish-budget.ts'

/** What is to be stored. */
export interface PublishRequest {
  readonly message: Uint8Array
  /** `null`: the lane gives one. */
  readonly identity: AppendIdentity | null
  readonly expect: Head | null
  readonly signal: AbortSignal | null
}

/** What a lane needs. */
export interface LaneParts {
  readonly broker: Broker
  readonly environment: Environment
  readonly publishTimeoutMs: number
  /** Shared by all lanes of a node. */
  readonly budget: PublishBudget
  /** Whether the broker is up. */
  readonly isUp: () => boolean
  /** A name that no other lane has had. */
  readonly nextLaneId: () => string
}

/** An event that is stored. */
export interface PublishedPlace extends Appended {
  readonly duplicate: boolean
}

interface Entry extends PublishRequest {
  readonly identity: AppendIdentity
  readonly answer: Deferred<PublishedPlace>
  readonly deadline: number
  state: 'waiting' | 'sent' | 'failed'
  /** Whether an attempt may have stored it. */
  isUncertain: boolean
  /** Whether the broker refused an attempt. A later entry may have been stored since. */
  wasRefused: boolean
  /** Why the newest attempt failed; `null` before. */
  error: PublishUncertainError | BrokerUnavailableError | null
}

// What waits for its turn at a broker that takes one append at a time.
const MAX_WAITING = 1024
const MAX_WAITING_BYTES = 1 << 20
// What a broker that takes many may be at.
const MAX_SENT = 8192
const RETRY_MS = 250
/** Why the result of a publish is unknown, if not because no answer came. */
const OVERTAKEN = 'a later publish of the same publisher was stored before it'
const CLOSED = 'the topics were closed before the answer came'

/** One lane. */
export class PublishLane {
  readonly #topic: LogTopic
  readonly #parts: LaneParts
  readonly #id: string
  /** In order: those that are under way or have failed, and then those that wait. */
  #entries: Entry[] = []
  #sent = 0
  #waiting = 0
  #waitingBytes = 0
  #sequence = 0
  #isBroken = false
  #alarm: WheelTimer | null = null

  constructor(topic: LogTopic, parts: LaneParts) {
    this.#topic = topic
    this.#parts = parts
    this.#id = parts.nextLaneId()
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#entries.length === 0
  }

  /** @returns as `Topic.publish` says. */
  publish(request: PublishRequest): Promise<PublishedPlace> {
    const answer = new Deferred<PublishedPlace>()
    const refusal = this.#refusal(request.message.length)
    if (refusal !== null) answer.reject(refusal)
    else this.#enter(request, answer)
    return answer.promise
  }

  /** The broker is back: what has failed is tried again, in order. */
  up(): void {
    this.#isBroken = false
    for (const entry of this.#entries) {
      if (entry.state === 'failed') this.#send(entry)
      if (this.#isBroken) return
    }
    this.#advance()
  }

  /** Nothing is tried any more. */
  end(): void {
    for (const entry of this.#entries) {
      this.#parts.budget.giveBack(entry.message.length)
      this.#reject(entry, entry.state === 'sent', CLOSED)
    }
    this.#entries = []
    this.#alarm?.cancel()
  }

  /** Why a publish is refused. `null`: it has room, which it gives back when it is removed. */
  #refusal(bytes: number): Error | null {
    const { name } = this.#topic
    const act = `publish to ${quoteName(name)}`
    if (!this.#parts.isUp()) return new BrokerUnavailableError(act, name)
    if (this.#isBroken) {
      const cause = this.#entries.find(({ state }) => state === 'failed')?.error?.cause
      const problem = 'an earlier publish has failed, and is tried again'
      return new BrokerUnavailableError(act, name, { cause, problem })
    }
    const isFull =
      this.#waiting >= MAX_WAITING ||
      (this.#waiting > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) ||
      !this.#parts.budget.take(bytes)
    return isFull ? new PublishRefusedError(name, 'busy') : null
  }

  #enter(request: PublishRequest, answer: Deferred<PublishedPlace>): void {
    const { environment, publishTimeoutMs } = this.#parts
    const entry: Entry = {
      ...request,
      identity: request.identity ?? { lane: this.#id, sequence: ++this.#sequence },
      answer,
      deadline: environment.clock.now() + publishTimeoutMs,
      state: 'waiting',
      isUncertain: false,
      wasRefused: false,
      error: null,
    }
    this.#entries.push(entry)
    this.#waiting++
    this.#waitingBytes += request.message.length
    this.#watch(entry)
    this.#alarm ??= environment.timers.schedule(publishTimeoutMs, () => this.#expire())
    this.#advance()
  }

  /** Takes an entry out of the line when its caller gives up before it was sent. */
  #watch(entry: Entry): void {
    const { signal } = entry
    if (signal === null) return
    const give = (): void => {
      // What has been sent may be stored: the caller learns the reason, and the lane goes on.
      entry.answer.reject(signal.reason)
      if (entry.state === 'waiting') this.#remove(entry)
    }
    if (signal.aborted) {
      give()
      return
    }
    signal.addEventListener('abort', give, { once: true })
    const release = (): void => signal.removeEventListener('abort', give)
    void entry.answer.promise.then(release, release)
  }

  #advance(): void {
    const limit = Math.min(this.#parts.broker.appendsInFlight, MAX_SENT)
    while (this.#waiting > 0 && this.#sent < limit && !this.#isBroken) {
      // Those that wait are at the end.
      const next = this.#entries[this.#entries.length - this.#waiting]
      if (next === undefined) return
      this.#waiting--
      this.#waitingBytes -= next.message.length
      this.#send(next)
    }
  }

  #send(entry: Entry): void {
    entry.state = 'sent'
    this.#sent++
    const { broker } = this.#parts
    void broker.append(this.#topic, entry.message, entry.identity, entry.expect ?? undefined).then(
      (appended) => this.#stored(entry, appended),
      (error: unknown) => this.#failed(entry, error),
    )
  }

  #stored(entry: Entry, appended: Appended): void {
    this.#sent--
    if (this.#isBroken) this.#rejectOvertaken(entry)
    this.#remove(entry)
    const { epoch, offset, duplicate } = appended
    if (duplicate === 'unknown' || this.#isBehind(entry, appended)) {
      const isRefused = entry.wasRefused && this.#isOwn(entry)
      this.#reject(entry, !isRefused, OVERTAKEN)
    } else {
      entry.answer.resolve({ epoch, offset, duplicate })
    }
    this.#goOn()
  }

  /**
   * Whether the broker remembers a later entry of the lane, although it has refused this one. The
   * log in Redis may have been written by a node of an older version, which kept no gaps. Nodes of
   * both versions must not run at the same time: an older one cannot read these gaps.
   */
  #isBehind({ identity, wasRefused }: Entry, { offset, duplicate }: Appended): boolean {
    return wasRefused && duplicate === true && offset === null && 'lane' in identity
  }

  /** After an answer: sends what waits, or tries again what has failed. */
  #goOn(): void {
    if (!this.#isBroken) this.#advance()
    else if (this.#sent === 0 && this.#parts.isUp()) this.#again()
  }

  /**
   * Rejects the entries that the broker refused before it stored a later one of the same publisher.
   * Another attempt would break the order, or would be taken for a duplicate of the later one.
   */
  #rejectOvertaken(stored: Entry): void {
    const publisher = this.#publisherOf(stored)
    const earlier = this.#entries.slice(0, Math.max(0, this.#entries.indexOf(stored)))
    for (const entry of earlier) {
      const wasRefused = entry.state === 'failed' && !entry.isUncertain
      if (!wasRefused || this.#publisherOf(entry) !== publisher) continue
      this.#remove(entry)
      this.#reject(entry, !this.#isOwn(entry), OVERTAKEN)
    }
    this.#isBroken = this.#entries.some(({ state }) => state === 'failed')
  }

  /** The lane of a client, or this lane: what the node itself publishes has one order. */
  #publisherOf({ identity }: Entry): string {
    return 'lane' in identity ? identity.lane : this.#id
  }

  /** Whether the node itself publishes. A client may have sent the same publish to another node. */
  #isOwn(entry: Entry): boolean {
    return this.#publisherOf(entry) === this.#id
  }

  #failed(entry: Entry, error: unknown): void {
    this.#sent--
    const isUncertain = error instanceof PublishUncertainError
    if (isUncertain || error instanceof BrokerUnavailableError) {
      entry.isUncertain ||= isUncertain
      entry.wasRefused ||= !isUncertain
      entry.state = 'failed'
      entry.error = error
      // An entry that has expired meanwhile is no longer there, and nobody waits for it.
      this.#isBroken = this.#entries.some(({ state }) => state === 'failed')
      this.#goOn()
      return
    }
    this.#remove(entry)
    const isExpectation = error instanceof ExpectationFailedError
    entry.answer.reject(
      isExpectation
        ? new PublishRefusedError(this.#topic.name, 'expectation', { cause: error })
        : error,
    )
    this.#goOn()
  }

  /** A request failed although the broker is up: it is tried again, not in the same turn. */
  #again(): void {
    const { environment } = this.#parts
    environment.timers.schedule(RETRY_MS, () => {
      if (this.#isBroken && this.#sent === 0 && this.#parts.isUp()) this.up()
    })
  }

  /** Rejects what has waited for too long. */
  #expire(): void {
    const { environment } = this.#parts
    const now = environment.clock.now()
    this.#alarm = null
    const expired = this.#entries.filter(({ deadline }) => deadline <= now)
    for (const entry of expired) {
      this.#remove(entry)
      this.#reject(entry, entry.state === 'sent')
    }
    this.#isBroken &&= this.#entries.some(({ state }) => state === 'failed')
    const next = this.#entries[0]
    if (next === undefined) return
    this.#alarm = environment.timers.schedule(next.deadline - now, () => this.#expire())
    if (!this.#isBroken) this.#advance()
  }

  /**
   * @param isUncertain whether the entry may be stored. What was sent is, until the answer.
   * @param problem why that is not known. @defaultValue no answer came in time
   */
  #reject(entry: Entry, isUncertain: boolean, problem?: string): void {
    const { name } = this.#topic
    const { error } = entry
    entry.answer.reject(
      isUncertain || entry.isUncertain
        ? new PublishUncertainError(name, { cause: error?.cause }, problem)
        : (error ?? new BrokerUnavailableError(`publish to ${quoteName(name)}`, name)),
    )
  }

  #remove(entry: Entry): void {
    const index = this.#entries.indexOf(entry)
    if (index === -1) return
    this.#entries.splice(index, 1)
    this.#parts.budget.giveBack(entry.message.length)
    if (entry.state === 'waiting') {
      this.#waiting--
      this.#waitingBytes -= entry.message.length
    }
    if (this.#entries.length > 0) return
    this.#alarm?.cancel()
    this.#alarm = null
  }
}
