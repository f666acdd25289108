/**
 * Brings the events of a topic without history in: this node's own at once, those of others by way
 * of the broker.
 *
 * At most once, in order for each publishing node. A hole in a publisher's numbers, and every time
 * without the broker, is a gap.
 */

import type { AnyTopicKind } from '../../kind/define-topic.ts'
import { MalformedBytesError } from '../../kind/numbers.ts'
import { FollowedTopic } from '../followed-topic.ts'
import type { NodeParts } from '../node-parts.ts'
import { type MissingBefore, TopicEvent } from '../topic-event.ts'
import { decodeWireMessage } from './wire-message.ts'

/** How many publishers are remembered for one topic. */
const MAX_SENDERS = 1000
const EPOCH = 'none'

/** Where the events of a topic travel. */
export function channelOf(topic: string): string {
  return `e:${topic}`
}

/** Follows one topic without history. */
export class WireFollower {
  readonly topic: FollowedTopic
  readonly #parts: NodeParts
  readonly #channel: string
  /** The newest number of each publisher, in the order of their last message. */
  readonly #senders = new Map<string, number>()

  constructor(name: string, kind: AnyTopicKind, parts: NodeParts) {
    this.#parts = parts
    this.#channel = channelOf(name)
    this.topic = new FollowedTopic(name, kind, null, parts)
  }

  /** Begins to listen. The node's own events come also while the broker is away. */
  async start(): Promise<void> {
    try {
      await this.#parts.broker.listen(this.#channel)
    } finally {
      if (!this.topic.isReady) this.topic.begin(EPOCH, 0)
    }
  }

  stop(): void {
    this.#parts.broker.unlisten(this.#channel)
    this.topic.end()
  }

  /** An event that this node publishes itself. */
  publish(envelope: Uint8Array): void {
    this.#append(envelope, null)
  }

  /** A message that came by way of the broker. Those of `ownSender` are known. */
  message(bytes: Uint8Array, ownSender: string | null): void {
    try {
      const { sender, sequence, envelope } = decodeWireMessage(bytes)
      if (sender === ownSender) return
      const newest = this.#senders.get(sender)
      this.#senders.delete(sender)
      this.#senders.set(sender, Math.max(sequence, newest ?? 0))
      for (const oldest of this.#senders.keys()) {
        if (this.#senders.size <= MAX_SENDERS) break
        this.#senders.delete(oldest)
      }
      if (newest !== undefined && sequence <= newest) return
      const missed = newest === undefined ? 0 : sequence - newest - 1
      this.#append(envelope, missed === 0 ? null : { reason: 'broker', missed })
    } catch (error) {
      // Another program has sent something on our channel.
      if (!(error instanceof MalformedBytesError)) throw error
    }
  }

  /** The broker was down: events that were published meanwhile may be missing. */
  lostBroker(): void {
    if (!this.topic.isReady) return
    this.#senders.clear()
    const missing: MissingBefore = { reason: 'broker', missed: null }
    this.topic.append(TopicEvent.loss(this.topic.head + 1, missing))
  }

  #append(envelope: Uint8Array, missing: MissingBefore | null): void {
    if (!this.topic.isReady) return
    this.topic.append(new TopicEvent(this.topic.head + 1, false, envelope, missing))
  }
}
