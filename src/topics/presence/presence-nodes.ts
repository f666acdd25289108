/**
 * Which processes live: each tells it three times per lease on one channel, and is forgotten when
 * its lease has ended.
 *
 * While this process cannot reach the broker, it hears no other process and ends no lease.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import type { Broker } from '../broker.ts'
import { BrokerUnavailableError } from '../errors.ts'
import {
  CONTROL_CHANNEL,
  decodePresence,
  encodePresence,
  type PresenceMessage,
} from './presence-messages.ts'

/** What the leases need of their process. */
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
const MAX_MISSED = 10_000

/** The other processes. */
export class PresenceNodes {
  readonly id: string
  readonly #parts: PresenceNodesParts
  readonly #owner: PresenceNodesOwner
  /** When each was heard last. */
  readonly #live = new Map<string, { heardAt: number; lease: WheelTimer | null }>()
  /** Processes that have stopped, until their members do not count any more. */
  readonly #leaving = new Map<string, WheelTimer>()
  /** Since when processes that do not live have been missed, the longest missed first. */
  readonly #missed = new Map<string, number>()
  #announcing: WheelTimer | null = null
  #isStarted = false
  #isUp = false
  /** Since when every announcement has been heard; `null` while the broker is away. */
  #listeningSince: number | null = null
  #stamp = 0
  #version = 0

  constructor(parts: PresenceNodesParts, owner: PresenceNodesOwner) {
    this.id = parts.nodeId
    this.#parts = parts
    this.#owner = owner
  }

  /** The other processes that live. */
  get live(): Iterable<string> {
    return this.#live.keys()
  }

  /** Whether every process that lives is known. */
  get isSettled(): boolean {
    if (this.#listeningSince === null || !this.#isUp) return false
    const heardForMs = this.#parts.environment.clock.now() - this.#listeningSince
    return heardForMs >= this.#everyMs + SLACK_MS
  }

  /**
   * Whether a process has been silent for its whole lease. The lease of an unknown process begins
   * with the first question: its announcement may be on the way.
   */
  isGone(node: string): boolean {
    if (this.#live.has(node) || this.#leaving.has(node) || this.#listeningSince === null) {
      return false
    }
    const now = this.#parts.environment.clock.now()
    const missedSince = this.#missed.get(node)
    if (missedSince === undefined) this.#miss(node, now)
    return missedSince !== undefined && now - missedSince >= this.#parts.nodeTimeoutMs
  }

  /** Begins to announce this process and to listen for others. Idempotent. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#listen()
  }

  /** The broker can be used, or cannot any more. */
  brokerChanged(isUp: boolean): void {
    if (this.#isUp === isUp) return
    this.#isUp = isUp
    if (!this.#isStarted) return
    if (isUp) {
      // All channels are listened to again.
      this.#hello()
      for (const node of this.#live.keys()) this.#heard(node)
    } else {
      this.#listeningSince = null
      this.#missed.clear()
      for (const each of this.#live.values()) each.lease?.cancel()
    }
  }

  /** A message on the control channel. */
  message(bytes: Uint8Array): void {
    const message = decodePresence(bytes)
    if (message === null || message.node === this.id) return
    const { node } = message
    if (message.type === 'bye') {
      this.#leave(node)
      return
    }
    const isNew = !this.#live.has(node)
    if (!this.heard(node)) return
    if (isNew || message.type === 'hello') this.#owner.seen(node)
    if (message.type === 'hello') this.send(CONTROL_CHANNEL, { type: 'alive', node: this.id })
    if (message.type === 'ask' && (message.to === null || message.to === this.id)) {
      for (const topic of message.topics) this.#owner.asked(topic)
    }
  }

  /**
   * A process has given a sign of life. @returns `false` for one that has stopped: it is not
   * listened to.
   */
  heard(node: string): boolean {
    if (this.#leaving.has(node)) return false
    this.#heard(node)
    return true
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
    if (!this.#isStarted) return
    this.send(CONTROL_CHANNEL, { type: 'bye', node: this.id })
    this.#announcing?.cancel()
    for (const { lease } of this.#live.values()) lease?.cancel()
    for (const timer of this.#leaving.values()) timer.cancel()
    this.#live.clear()
    this.#leaving.clear()
  }

  get #everyMs(): number {
    return this.#parts.nodeTimeoutMs / ANNOUNCEMENTS_PER_LEASE
  }

  async #listen(): Promise<void> {
    try {
      await this.#parts.broker.listen(CONTROL_CHANNEL)
      if (this.#isUp) this.#hello()
    } catch (error) {
      // The broker listens by itself when it is back.
      if (!(error instanceof BrokerUnavailableError)) throw error
    }
  }

  #hello(): void {
    this.#listeningSince = this.#parts.environment.clock.now()
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

  #heard(node: string): void {
    const heardAt = this.#parts.environment.clock.now()
    const known = this.#live.get(node)
    this.#missed.delete(node)
    if (known === undefined) this.#live.set(node, { heardAt, lease: null })
    else known.heardAt = heardAt
    if (known === undefined || known.lease?.isPending !== true) {
      this.#watchLease(node, this.#parts.nodeTimeoutMs)
    }
  }

  /** One timer for each lease. It is set again only after it has run out. */
  #watchLease(node: string, ms: number): void {
    const known = this.#live.get(node)
    if (known === undefined) return
    const { clock, timers } = this.#parts.environment
    known.lease = timers.schedule(ms, () => {
      const leftMs = known.heardAt + this.#parts.nodeTimeoutMs - clock.now()
      if (leftMs > 0) {
        this.#watchLease(node, leftMs)
        return
      }
      this.#live.delete(node)
      this.#miss(node, known.heardAt)
      this.#owner.gone(node)
    })
  }

  #miss(node: string, since: number): void {
    this.#missed.set(node, since)
    if (this.#missed.size <= MAX_MISSED) return
    for (const first of this.#missed.keys()) {
      this.#missed.delete(first)
      return
    }
  }

  #leave(node: string): void {
    this.#live.get(node)?.lease?.cancel()
    this.#live.delete(node)
    if (this.#leaving.has(node)) return
    const { environment, graceMs } = this.#parts
    const forget = (): void => {
      this.#leaving.delete(node)
      this.#miss(node, -Infinity)
      this.#owner.gone(node)
    }
    this.#leaving.set(node, environment.timers.schedule(graceMs, forget))
  }
}
