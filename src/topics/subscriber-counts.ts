/**
 * How many subscriptions a topic has, over all processes that share the broker.
 *
 * A process that wants to know asks all others on one channel. It waits for those that have
 * answered before, and for others a short time. Nothing is sent while nothing asks.
 */

import { Deferred, type Environment } from '../base/internal.ts'
import type { Broker } from './broker.ts'
import { BrokerUnavailableError } from './errors.ts'

/** How many subscriptions there are. */
export interface Subscribers {
  /** In this process. */
  readonly here: number
  /** In all processes, at most 5 s ago; `null` while the broker is down. */
  readonly everywhere: number | null
}

/** What the counts need. */
export interface SubscriberParts {
  readonly broker: Broker
  readonly environment: Environment
  readonly nodeId: string
  /** Whether no other process can be on the broker. */
  readonly isAlone: boolean
  readonly isUp: () => boolean
  readonly hereOf: (topic: string) => number
}

interface Count {
  readonly askedAt: number
  /** The processes whose answers end the wait. */
  readonly expected: readonly string[]
  readonly others: Map<string, number>
  readonly done: Deferred<void>
}

type Message =
  | { readonly type: 'ask'; readonly node: string; readonly topic: string }
  | {
      readonly type: 'count'
      readonly node: string
      readonly to: string
      readonly topic: string
      readonly count: number
    }

const CHANNEL = 'n:count'
const COLLECT_MS = 500
const FRESH_MS = 5000
/** A process that has not answered for this time is not waited for. */
const KNOWN_MS = 15_000
const MAX_COUNTS = 10_000
const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** The counts of one process. */
export class SubscriberCounts {
  readonly #parts: SubscriberParts
  /** By topic, in the order in which they were asked for. */
  readonly #counts = new Map<string, Count>()
  /** When each of the other processes has last answered. */
  readonly #known = new Map<string, number>()
  #isListening = false

  constructor(parts: SubscriberParts) {
    this.#parts = parts
  }

  /** The broker is up: this process hears the questions of others from now on. */
  up(): void {
    if (this.#isListening || this.#parts.isAlone) return
    this.#isListening = true
    this.#parts.broker.listen(CHANNEL).then(
      // Lets the others know of this process: they wait for its answers.
      () => this.#send({ type: 'ask', node: this.#parts.nodeId, topic: '' }),
      () => {
        // The broker listens by itself when it is back.
      },
    )
  }

  /** Resolves within half a second. */
  async of(topic: string): Promise<Subscribers> {
    const { hereOf, isAlone, isUp } = this.#parts
    if (isAlone) return { here: hereOf(topic), everywhere: hereOf(topic) }
    if (!isUp()) return { here: hereOf(topic), everywhere: null }
    const count = this.#ask(topic)
    await count.done.promise
    const here = hereOf(topic)
    const everywhere = [...count.others.values()].reduce((sum, each) => sum + each, here)
    return { here, everywhere: isUp() ? everywhere : null }
  }

  /** @returns whether the channel is that of the counts. */
  message(channel: string, bytes: Uint8Array): boolean {
    if (channel !== CHANNEL) return false
    const message = read(bytes)
    const { nodeId, hereOf } = this.#parts
    if (message === null || message.node === nodeId) return true
    const { node, topic } = message
    this.#known.set(node, this.#now)
    if (message.type === 'ask') {
      this.#send({ type: 'count', node: nodeId, to: node, topic, count: hereOf(topic) })
    } else if (message.to === nodeId) {
      this.#counts.get(topic)?.others.set(node, message.count)
      this.#settle(topic)
    }
    return true
  }

  get #now(): number {
    return this.#parts.environment.clock.now()
  }

  #ask(topic: string): Count {
    const existing = this.#counts.get(topic)
    if (existing !== undefined && existing.askedAt > this.#now - FRESH_MS) return existing
    this.#forget()
    const count: Count = {
      askedAt: this.#now,
      expected: [...this.#known.keys()],
      others: new Map(),
      done: new Deferred(),
    }
    this.#counts.delete(topic)
    this.#counts.set(topic, count)
    this.#parts.environment.timers.schedule(COLLECT_MS, () => void count.done.resolve())
    this.#send({ type: 'ask', node: this.#parts.nodeId, topic })
    return count
  }

  /** Ends the wait once all processes that answered earlier have answered again. */
  #settle(topic: string): void {
    const count = this.#counts.get(topic)
    if (count === undefined) return
    const { expected, others, done } = count
    // The first answers do not tell whether there are other processes.
    if (expected.length > 0 && expected.every((node) => others.has(node))) done.resolve()
  }

  /** Drops counts that are too old, and processes that no longer answer. */
  #forget(): void {
    for (const [topic, { askedAt }] of this.#counts) {
      if (askedAt > this.#now - FRESH_MS && this.#counts.size <= MAX_COUNTS) break
      this.#counts.delete(topic)
    }
    for (const [node, at] of this.#known) if (at <= this.#now - KNOWN_MS) this.#known.delete(node)
  }

  #send(message: Message): void {
    try {
      this.#parts.broker.send(CHANNEL, ENCODER.encode(JSON.stringify(message)))
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) throw error
    }
  }
}

/** @returns `null` for bytes that are no message: another program may use the channel. */
function read(bytes: Uint8Array): Message | null {
  try {
    const value: unknown = JSON.parse(DECODER.decode(bytes))
    if (typeof value !== 'object' || value === null) return null
    const { type, node, topic, to, count } = value as Readonly<Record<string, unknown>>
    if (typeof node !== 'string' || typeof topic !== 'string') return null
    if (type === 'ask') return { type, node, topic }
    const isCount = type === 'count' && typeof to === 'string' && Number.isSafeInteger(count)
    return isCount ? { type, node, topic, to, count: Number(count) } : null
  } catch {
    return null // not JSON
  }
}
