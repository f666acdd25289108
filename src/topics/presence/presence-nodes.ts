/**
 * Which other processes live, and what they tell each other: each announces itself three times per
 * lease on one channel, and asks there for the members of topics.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import type { Broker } from '../broker.ts'
import { BrokerUnavailableError } from '../errors.ts'
import { Leases } from './leases.ts'
import {
  CONTROL_CHANNEL,
  decodePresence,
  encodePresence,
  type PresenceMessage,
} from './presence-messages.ts'

/** What presence needs of its process. */
export interface PresenceNodesParts {
  readonly broker: Broker
  readonly environment: Environment
  readonly nodeId: string
  readonly nodeTimeoutMs: number
  readonly graceMs: number
}

/** Gets the news of processes. */
export interface PresenceNodesOwner {
  /** A process has come, or has come back: the copy of its members may be wrong. */
  seen(node: string): void
  /** The members of a process no longer count. */
  gone(node: string): void
  /** A process asks who is in a topic. */
  asked(topic: string): void
}

const ANNOUNCEMENTS_PER_LEASE = 3
/** How long answers may take. */
const SLACK_MS = 1000
const TOPICS_PER_ASK = 100

/** The other processes. */
export class PresenceNodes {
  readonly id: string
  readonly #parts: PresenceNodesParts
  readonly #owner: PresenceNodesOwner
  readonly #leases: Leases
  #announcing: WheelTimer | null = null
  #isStarted = false
  #isUp = false
  #isEnded = false
  /** Since when every announcement has been heard; `null` while the broker is away. */
  #listeningSince: number | null = null
  #stamp = 0
  #version = 0

  constructor(parts: PresenceNodesParts, owner: PresenceNodesOwner) {
    this.id = parts.nodeId
    this.#parts = parts
    this.#owner = owner
    this.#leases = new Leases({ ...parts, gone: (node) => owner.gone(node) })
  }

  /** The other processes that live. */
  get live(): Iterable<string> {
    return this.#leases.live
  }

  /** Whether every process that lives is known. */
  get isSettled(): boolean {
    if (this.#listeningSince === null || !this.#isUp) return false
    const heardForMs = this.#parts.environment.clock.now() - this.#listeningSince
    return heardForMs >= this.#everyMs + SLACK_MS
  }

  /** See `Leases.isGone`. */
  isGone(node: string): boolean {
    return this.#leases.isGone(node)
  }

  /** Begins to announce this process and to listen for others. Idempotent. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#listen()
  }

  /** The broker can be used, or cannot any more. */
  brokerChanged(isUp: boolean): void {
    if (this.#isUp === isUp || this.#isEnded) return
    this.#isUp = isUp
    if (!this.#isStarted) return
    if (isUp) {
      // All channels are listened to again.
      this.#hello()
    } else {
      this.#listeningSince = null
      this.#leases.pause()
    }
  }

  /** A message on the control channel. */
  message(bytes: Uint8Array): void {
    if (this.#isEnded) return
    const message = decodePresence(bytes)
    if (message === null || message.node === this.id) return
    const { node } = message
    if (message.type === 'bye') {
      this.#leases.leave(node)
      return
    }
    const isNew = !this.#leases.has(node)
    if (!this.heard(node)) return
    if (isNew || message.type === 'hello') this.#owner.seen(node)
    if (message.type === 'hello') this.send(CONTROL_CHANNEL, { type: 'alive', node: this.id })
    if (message.type === 'ask' && (message.to === null || message.to === this.id)) {
      for (const topic of message.topics) this.#owner.asked(topic)
    }
  }

  /**
   * A process has given a sign of life. @returns `false` for one that has stopped, and after `end`:
   * it is not listened to.
   */
  heard(node: string): boolean {
    return !this.#isEnded && this.#leases.heard(node)
  }

  /** Asks one process, or all, who is in topics. */
  ask(topics: readonly string[], to: string | null): void {
    for (let at = 0; at < topics.length; at += TOPICS_PER_ASK) {
      const some = topics.slice(at, at + TOPICS_PER_ASK)
      this.send(CONTROL_CHANNEL, { type: 'ask', node: this.id, to, topics: some })
    }
  }

  /** Sends at most once. A process finds a lost message by the next version. */
  send(channel: string, message: PresenceMessage): void {
    try {
      this.#parts.broker.send(channel, encodePresence(message))
    } catch (error) {
      // When the broker is back, every process asks again.
      if (!(error instanceof BrokerUnavailableError)) throw error
    }
  }

  /** Names a state of a topic. Never the same twice. */
  nextVersion(): number {
    return ++this.#version
  }

  /** Later than every stamp that this process knows. */
  nextStamp(): number {
    return ++this.#stamp
  }

  sawStamp(stamp: number): void {
    this.#stamp = Math.max(this.#stamp, stamp)
  }

  /** Says goodbye: the members of this process count for the grace. */
  end(): void {
    if (!this.#isStarted || this.#isEnded) return
    this.#isEnded = true
    this.send(CONTROL_CHANNEL, { type: 'bye', node: this.id })
    this.#announcing?.cancel()
    this.#leases.end()
  }

  get #everyMs(): number {
    return this.#parts.nodeTimeoutMs / ANNOUNCEMENTS_PER_LEASE
  }

  async #listen(): Promise<void> {
    try {
      await this.#parts.broker.listen(CONTROL_CHANNEL)
      if (this.#isUp && !this.#isEnded) this.#hello()
    } catch (error) {
      // The broker listens by itself when it is back.
      if (!(error instanceof BrokerUnavailableError)) throw error
    }
  }

  #hello(): void {
    this.#listeningSince = this.#parts.environment.clock.now()
    this.#leases.begin()
    this.send(CONTROL_CHANNEL, { type: 'hello', node: this.id })
    this.#announcing?.cancel()
    this.#announceLater()
  }

  #announceLater(): void {
    this.#announcing = this.#parts.environment.timers.schedule(this.#everyMs, () => {
      this.send(CONTROL_CHANNEL, { type: 'alive', node: this.id })
      this.#announceLater()
    })
  }
}
