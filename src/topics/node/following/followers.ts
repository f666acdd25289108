/**
 * The topics that this node follows: from the first subscription until some time after the last.
 */

import { quoteName, type WheelTimer } from '../../../base/internal.ts'
import type { EventPlace } from '../../broker.ts'
import { BrokerUnavailableError } from '../../errors.ts'
import type { AnyTopicKind } from '../../kind/define-topic.ts'
import type { FollowedTopic } from '../followed-topic.ts'
import type { LogKinds } from '../log-kinds.ts'
import type { NodeParts } from '../node-parts.ts'
import { Waiters } from '../waiters.ts'
import { Checks } from './checks.ts'
import { LogFollower } from './log-follower.ts'
import { WireFollower } from './wire-follower.ts'

/** Brings the events of one topic in. */
export type Follower = LogFollower | WireFollower

/** How topics are followed. All times are in milliseconds. */
export interface FollowSettings {
  readonly lingerMs: number
  readonly checkEveryMs: number
}

/**
 * How many topics without subscriptions a node follows at most. Clients could otherwise fill the
 * memory of the node and of the broker, by subscribing to one topic after another.
 */
const MAX_LINGERING = 10_000

/** The followers of one node. */
export class Followers {
  readonly #parts: NodeParts
  readonly #kinds: LogKinds
  readonly #lingerMs: number
  readonly #checks: Checks
  readonly #followers = new Map<string, Follower>()
  /** Topics whose head is not known yet. */
  readonly #waiting = new Map<string, Waiters>()
  /** Topics without subscriptions, until they are given up. */
  readonly #lingering = new Map<string, WheelTimer>()
  #isEnded = false

  /** @param parts without `begun`, which the followers add. */
  constructor(
    parts: Omit<NodeParts, 'begun'>,
    kinds: LogKinds,
    { lingerMs, checkEveryMs }: FollowSettings,
  ) {
    this.#parts = { ...parts, begun: (topic) => this.#settle(topic) }
    this.#kinds = kinds
    this.#lingerMs = lingerMs
    const { broker, environment, isUp } = parts
    this.#checks = new Checks(broker, environment, checkEveryMs, isUp)
  }

  /** How many topics are followed. */
  get size(): number {
    return this.#followers.size
  }

  /** The topics that are followed; a copy. */
  get topics(): FollowedTopic[] {
    return Array.from(this.#followers.values(), ({ topic }) => topic)
  }

  /** @returns `undefined` for a topic that is not followed. */
  find(name: string): Follower | undefined {
    return this.#followers.get(name)
  }

  /**
   * Follows a topic, at least until `letLinger`.
   *
   * @throws {BrokerUnavailableError} after `end`.
   */
  follow(name: string, kind: AnyTopicKind): Follower {
    if (this.#isEnded) throw new BrokerUnavailableError(`subscribe to ${quoteName(name)}`, name)
    this.#lingering.get(name)?.cancel()
    this.#lingering.delete(name)
    const existing = this.#followers.get(name)
    if (existing !== undefined) return existing
    const follower =
      kind.history === null
        ? new WireFollower(name, kind, this.#parts)
        : new LogFollower(name, kind, this.#kinds.of(kind), this.#parts)
    this.#followers.set(name, follower)
    this.#waiting.set(name, new Waiters())
    if (follower instanceof LogFollower) this.#checks.add(follower)
    void this.#start(name, follower)
    return follower
  }

  /**
   * Follows a topic, and waits until its head is known.
   *
   * @param signal ends the wait.
   * @returns `null` if it was given up meanwhile.
   * @throws (by rejecting) the reason of `signal`, and {BrokerUnavailableError} after `end`.
   */
  async ready(
    name: string,
    kind: AnyTopicKind,
    signal: AbortSignal | null,
  ): Promise<Follower | null> {
    const follower = this.follow(name, kind)
    const waiters = this.#waiting.get(name)
    if (waiters !== undefined) {
      await waiters.wait(signal)
      if (signal?.aborted === true) {
        if (waiters.size === 0) this.letLinger(follower.topic)
        throw signal.reason
      }
    }
    return this.#followers.get(name) === follower ? follower : null
  }

  /** Gives a topic up after some time if it gets no subscription. */
  letLinger({ name, subscriptions }: FollowedTopic): void {
    const isFollowed = this.#followers.get(name)?.topic.subscriptions === subscriptions
    if (!isFollowed || subscriptions.size > 0 || this.#lingering.has(name)) return
    const timer = this.#parts.environment.timers.schedule(this.#lingerMs, () => {
      this.#lingering.delete(name)
      if (subscriptions.size === 0) this.#giveUp(name)
    })
    this.#lingering.set(name, timer)
    if (this.#lingering.size <= MAX_LINGERING) return
    for (const first of this.#lingering.keys()) {
      this.#giveUp(first)
      return
    }
  }

  /** A live event of a topic with history. */
  event(name: string, place: EventPlace, message: Uint8Array): void {
    const follower = this.#followers.get(name)
    if (follower instanceof LogFollower) follower.event(place, message)
  }

  /** The broker is up. `isReturn`: it was down. */
  up(isReturn: boolean): void {
    for (const follower of this.#followers.values()) {
      if (isReturn && follower instanceof WireFollower) follower.lostBroker()
      // Subscriptions that wait for a page of the log ask again.
      follower.topic.mark()
    }
    void this.#checks.all()
  }

  /** Gives all topics up, and follows no others. */
  end(): void {
    this.#isEnded = true
    for (const name of this.#followers.keys()) this.#giveUp(name)
  }

  /** Never rejects: a head that cannot be read now is read by the checks. */
  async #start(name: string, follower: Follower): Promise<void> {
    try {
      await follower.start()
    } catch {
      // The broker follows by itself when it is back.
    }
    if (follower.topic.isReady && this.#followers.get(name) === follower) this.#settle(name)
  }

  #settle(name: string): void {
    this.#waiting.get(name)?.wake()
    this.#waiting.delete(name)
  }

  #giveUp(name: string): void {
    const follower = this.#followers.get(name)
    if (follower === undefined) return
    this.#followers.delete(name)
    this.#lingering.get(name)?.cancel()
    this.#lingering.delete(name)
    if (follower instanceof LogFollower) this.#checks.remove(follower)
    follower.stop()
    this.#settle(name)
  }
}
