/**
 * A client of the kill test: publishes one event after another, and subscribes to the same topic.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { connectTopics } from 'towpath/client/topics'
import { type Acknowledged, idOf, type KillEvent, type Seen } from './verdict.ts'

/** One client. It connects to the nodes in turn. */
export class Client {
  readonly topic: string
  readonly acknowledged: Acknowledged[] = []
  readonly seen: Seen[] = []
  uncertain = 0
  refused = 0
  readonly #id: number
  readonly #ended = new AbortController()
  readonly #live: ReturnType<typeof connectTopics>
  /** Events of this epoch that were seen: for `hasSeen`. */
  readonly #ids = new Set<string>()
  readonly #stopped = new AbortController()
  readonly #publishing: Promise<void>
  readonly #subscribing: Promise<void>

  /** @param addresses `host:port` of each node. */
  constructor(id: number, topicCount: number, addresses: readonly string[]) {
    this.#id = id
    this.topic = `kill/${id % topicCount}`
    let attempt = id
    this.#live = connectTopics(() => `ws://${addresses[attempt++ % addresses.length] ?? ''}/live`, {
      connection: { reconnect: { baseDelay: 50, maxDelay: 500 } },
    })
    this.#publishing = this.#publish()
    this.#subscribing = this.#subscribe()
  }

  /** Resolves when the last publish has been answered. */
  stopPublishing(): Promise<void> {
    this.#stopped.abort()
    return this.#publishing
  }

  hasSeen(event: KillEvent): boolean {
    return this.#ids.has(idOf(event))
  }

  async end(): Promise<void> {
    this.#ended.abort()
    await this.#subscribing
    await this.#live.close()
  }

  async #publish(): Promise<void> {
    const topic = this.#live.topic<KillEvent>(this.topic)
    for (let n = 0; !this.#stopped.signal.aborted; n++) {
      const event = { client: this.#id, n }
      try {
        const { epoch } = await topic.publish(event)
        this.acknowledged.push({ ...event, epoch: epoch ?? '' })
      } catch (error) {
        if (error instanceof Error && error.name === 'PublishUncertainError') this.uncertain++
        else this.refused++
        await delay(50)
      }
    }
  }

  async #subscribe(): Promise<void> {
    const topic = this.#live.topic<KillEvent>(this.topic)
    try {
      for await (const item of topic.events({ from: 'start', signal: this.#ended.signal })) {
        if (item.type === 'event') {
          this.seen.push({ type: 'event', offset: item.offset ?? 0, event: item.event })
          this.#ids.add(idOf(item.event))
        } else if (item.type === 'gap') {
          this.seen.push({ type: 'gap', reason: item.reason, epoch: item.epoch ?? '' })
        }
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error
    }
  }
}
