/**
 * What a node remembers of the topics that it publishes to: a lane for each with history, a number
 * for each without. What has not been used for some time is forgotten, and begins again under
 * another name.
 */

import type { LogTopic } from '../../broker.ts'
import { PublishBudget } from './publish-budget.ts'
import { type LaneParts, PublishLane } from './publish-lane.ts'

const IDLE_MS = 60_000
// How many of the oldest are looked at with each use.
const EVICTED_PER_USE = 2

interface Used<T> {
  readonly value: T
  usedAt: number
}

interface Sender {
  readonly sender: string
  sequence: number
}

/** The lanes of one node. */
export class Lanes {
  readonly #nodeId: string
  readonly #parts: LaneParts
  /** In the order of their last use. */
  readonly #lanes = new Map<string, Used<PublishLane>>()
  readonly #senders = new Map<string, Used<Sender>>()
  #made = 0

  constructor(nodeId: string, parts: Omit<LaneParts, 'nextLaneId' | 'budget'>) {
    this.#nodeId = nodeId
    const budget = new PublishBudget()
    this.#parts = { ...parts, budget, nextLaneId: () => this.#nextName() }
  }

  /** How many topics are remembered. */
  get size(): number {
    return this.#lanes.size + this.#senders.size
  }

  /** The lane of a topic with history. */
  laneOf(topic: LogTopic): PublishLane {
    const make = (): PublishLane => new PublishLane(topic, this.#parts)
    return this.#use(this.#lanes, topic.name, make, (lane) => lane.isIdle)
  }

  /** The next number of a topic without history, and whose it is. */
  nextOf(name: string): Readonly<Sender> {
    const make = (): Sender => ({ sender: this.#nextName(), sequence: 0 })
    const sender = this.#use(this.#senders, name, make, () => true)
    sender.sequence++
    return sender
  }

  /** Who this node is as a publisher of the topic; `null` when it has not been one lately. */
  senderOf(name: string): string | null {
    return this.#senders.get(name)?.value.sender ?? null
  }

  /** The broker is back. */
  up(): void {
    for (const { value } of this.#lanes.values()) value.up()
  }

  end(): void {
    for (const { value } of this.#lanes.values()) value.end()
  }

  #use<T>(map: Map<string, Used<T>>, name: string, make: () => T, mayGo: (value: T) => boolean): T {
    const now = this.#parts.environment.clock.now()
    const used = map.get(name) ?? { value: make(), usedAt: now }
    used.usedAt = now
    map.delete(name)
    map.set(name, used)
    let left = EVICTED_PER_USE
    for (const [oldest, { value, usedAt }] of map) {
      if (left-- === 0 || usedAt > now - IDLE_MS) break
      if (mayGo(value)) map.delete(oldest)
    }
    return used.value
  }

  #nextName(): string {
    return `${this.#nodeId}.${++this.#made}`
  }
}
