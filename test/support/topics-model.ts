/**
 * Random schedules over nodes and a broker in memory, in virtual time, against a model: what the
 * log held is known, and so is what every publisher was told and every subscriber saw.
 */

import type { Environment } from '../../src/base/internal.ts'
import { createTestEnvironment, type TestEnvironment } from '../../src/testing/test-environment.ts'
import {
  type AppendIdentity,
  type Appended,
  BrokerUnavailableError,
  defineTopic,
  type Head,
  type LogTopic,
  memoryBroker,
  MemoryLog,
  PublishRefusedError,
  PublishUncertainError,
} from '../../src/topics/index.ts'
import { decodeEnvelope, encodeData, encodeEnvelope } from '../../src/topics/kind/envelope.ts'
import type { From, Position, TopicItem } from '../../src/topics/kind/items.ts'
import { EventStream } from '../../src/topics/node/event-stream.ts'
import type { Receiver } from '../../src/topics/node/subscription.ts'
import { TopicNode } from '../../src/topics/node/topic-node.ts'

const NAME = 'rooms/1'
const OPERATIONS = 60
const SETTLING_MS = 60_000

/** What a schedule came to. */
export interface ModelRun {
  /** Sentences that do not hold, with facts. Empty when all is well. */
  readonly violations: readonly string[]
  readonly published: number
  readonly delivered: number
  readonly gaps: number
}

interface Stored {
  readonly text: string
  readonly epoch: string
  readonly offset: number
  isLost: boolean
}

interface Publish {
  readonly text: string
  readonly publisher: string
  readonly number: number
  outcome: 'pending' | 'stored' | 'duplicate' | 'not stored' | 'uncertain'
}

interface Subscriber {
  readonly items: TopicItem[]
  position: Position | null
  node: ModelNode
  stream: EventStream<unknown>
}

interface ModelNode {
  readonly node: TopicNode
  isDead: boolean
}

/** A log that remembers everything that it ever stored. */
class RecordingLog extends MemoryLog {
  readonly stored: Stored[] = []

  override append(
    key: string,
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect: Head | null,
    now: number,
  ): Appended | null {
    const appended = super.append(key, topic, message, identity, expect, now)
    if (appended === null || appended.duplicate || appended.offset === null) return appended
    const text = new TextDecoder().decode(decodeEnvelope(message).data).slice(1, -1)
    const { epoch, offset } = appended
    this.stored.push({ text, epoch, offset, isLost: false })
    return appended
  }

  /** Loses the newest `count` events. */
  loseTail(count: number): void {
    const kept = this.stored.filter(({ isLost }) => !isLost)
    for (const each of kept.slice(Math.max(0, kept.length - count))) each.isLost = true
    this.restart({ lose: count })
  }
}

/** Runs one random schedule. The same seed gives the same schedule. */
export async function runModel(seed: number): Promise<ModelRun> {
  return new Model(seed).run()
}

class Model {
  readonly #environment: TestEnvironment
  readonly #random: () => number
  readonly #log = new RecordingLog()
  readonly #kind
  readonly #nodes: ModelNode[] = []
  readonly #subscribers: Subscriber[] = []
  readonly #publishes: Publish[] = []
  readonly #violations: string[] = []
  #numbers = 0
  #names = 0

  constructor(seed: number) {
    this.#environment = createTestEnvironment(seed)
    this.#random = randomOf(this.#environment)
    const size = this.#pick([3, 20, 1000])
    this.#kind = defineTopic('rooms/:room', { history: { size, age: 600_000 } })
  }

  async run(): Promise<ModelRun> {
    for (let count = 0; count < 3; count++) this.#startNode()
    for (let count = 0; count < 3; count++) this.#subscribe('now')
    await this.#pass(10)
    for (let count = 0; count < OPERATIONS; count++) {
      this.#operate()
      await this.#pass(this.#pick([0, 0, 1, 5, 50, 500, 4000]))
    }
    this.#log.resume()
    this.#log.mend()
    this.#log.drop(0)
    this.#log.delay(0)
    await this.#pass(SETTLING_MS)
    this.#judge()
    await Promise.all(this.#nodes.map(({ node }) => node.close()))
    await this.#pass(0)
    const items = this.#subscribers.flatMap((each) => each.items)
    return {
      violations: this.#violations,
      published: this.#publishes.length,
      delivered: items.filter(({ type }) => type === 'event').length,
      gaps: items.filter(({ type }) => type === 'gap').length,
    }
  }

  #operate(): void {
    const dice = this.#random()
    if (dice < 0.55) this.#burst()
    else if (dice < 0.6) this.#log.drop(1 + Math.floor(this.#random() * 3))
    else if (dice < 0.66) this.#log.delay(this.#pick([0, 1, 20, 300]), this.#someBroker())
    else if (dice < 0.73) this.#log.cut(this.#someBroker(), { silent: this.#random() < 0.5 })
    else if (dice < 0.82) this.#log.mend()
    else if (dice < 0.84) this.#log.restart()
    else if (dice < 0.87) this.#log.loseTail(Math.floor(this.#random() * 4))
    else if (dice < 0.89) this.#log.pause()
    else if (dice < 0.91) this.#log.resume()
    else if (dice < 0.93) this.#killNode()
    else if (dice < 0.97) this.#moveSubscriber()
    else this.#subscribe(this.#pick<From>(['now', 'start', { last: 2 }]))
  }

  #startNode(): ModelNode {
    const broker = memoryBroker({ log: this.#log })
    const settings = {
      namespace: 'test',
      nodeId: `node-${this.#names++}`,
      dedupeMs: 120_000,
      publishTimeoutMs: 10_000,
      lingerMs: 10_000,
      checkEveryMs: 25_000,
      whileDown: 'local',
    } as const
    const owner = { brokerChanged() {}, told() {}, message() {} }
    const node = new TopicNode(broker, this.#environment, settings, owner)
    void node.open()
    const started = { node, isDead: false }
    this.#nodes.push(started)
    return started
  }

  #living(): ModelNode[] {
    return this.#nodes.filter(({ isDead }) => !isDead)
  }

  #someBroker(): object | undefined {
    return this.#pick<ModelNode | undefined>([...this.#living(), undefined])?.node.broker
  }

  #burst(): void {
    const { node } = this.#pick(this.#living())
    for (let count = this.#pick([1, 1, 2, 5]); count > 0; count--) {
      const publish: Publish = {
        text: `event ${this.#publishes.length}`,
        publisher: node.settings.nodeId,
        number: this.#numbers++,
        outcome: 'pending',
      }
      this.#publishes.push(publish)
      const envelope = encodeEnvelope({
        at: 0,
        key: null,
        publisher: null,
        ...encodeData(publish.text),
      })
      node.publish(NAME, this.#kind, { envelope, identity: null, expect: null, signal: null }).then(
        ({ duplicate }) => {
          publish.outcome = duplicate ? 'duplicate' : 'stored'
        },
        (error: unknown) => {
          const isUncertain = error instanceof PublishUncertainError
          const isRefused =
            error instanceof BrokerUnavailableError || error instanceof PublishRefusedError
          publish.outcome = isUncertain ? 'uncertain' : 'not stored'
          if (!isUncertain && !isRefused) this.#violations.push(`unexpected: ${String(error)}`)
        },
      )
    }
  }

  /** kill -9: nothing of the node goes on, and its subscribers return elsewhere. */
  #killNode(): void {
    const victim = this.#pick(this.#living())
    victim.isDead = true
    for (const publish of this.#publishes) {
      const isOwn = publish.publisher === victim.node.settings.nodeId
      if (isOwn && publish.outcome === 'pending') publish.outcome = 'uncertain'
    }
    void victim.node.broker.close()
    this.#startNode()
    for (const subscriber of this.#subscribers) {
      if (subscriber.node === victim) this.#move(subscriber)
    }
    void victim.node.close()
  }

  #moveSubscriber(): void {
    if (this.#subscribers.length > 0) this.#move(this.#pick(this.#subscribers))
  }

  /** The subscriber returns, to some node, with what it has. */
  #move(subscriber: Subscriber): void {
    void subscriber.stream.return()
    subscriber.node = this.#pick(this.#living())
    subscriber.stream = this.#streamOf(subscriber.node, subscriber.position ?? 'now')
    void this.#consume(subscriber, subscriber.stream)
  }

  #subscribe(from: From): void {
    if (this.#subscribers.length > 8) return
    const node = this.#pick(this.#living())
    const stream = this.#streamOf(node, from)
    const subscriber = { items: [], position: null, node, stream }
    this.#subscribers.push(subscriber)
    void this.#consume(subscriber, stream)
  }

  #streamOf({ node }: ModelNode, from: From): EventStream<unknown> {
    const source = {
      subscribe: (receiver: Receiver) => node.subscribe(NAME, this.#kind, receiver, from),
      unsubscribe: (subscription: Parameters<TopicNode['unsubscribe']>[0]) =>
        node.unsubscribe(subscription),
    }
    return new EventStream(source, null)
  }

  async #consume(subscriber: Subscriber, stream: EventStream<unknown>): Promise<void> {
    try {
      for await (const item of stream) {
        if (subscriber.stream !== stream) return
        subscriber.items.push(item)
        const epoch = stream.position?.epoch
        if (item.type === 'event' && epoch !== undefined) {
          subscriber.position = { epoch, offset: item.offset ?? 0 }
        } else if (item.type === 'gap' && item.epoch !== null) {
          subscriber.position = { epoch: item.epoch, offset: (item.before ?? 1) - 1 }
        } else if (item.type === 'live') subscriber.position = stream.position
      }
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) this.#violations.push(String(error))
    }
  }

  #judge(): void {
    this.#judgePublishes()
    for (const [index, subscriber] of this.#subscribers.entries()) {
      this.#judgeSubscriber(`subscriber ${index}`, subscriber)
    }
  }

  #judgePublishes(): void {
    const { stored } = this.#log
    for (const publish of this.#publishes) {
      const copies = stored.filter(({ text }) => text === publish.text)
      const kept = copies.filter(({ isLost }) => !isLost)
      const { outcome, text } = publish
      if (outcome === 'pending') this.#violations.push(`${text} was never answered`)
      // A lost event may be stored again when it is published again.
      if (kept.length > 1) this.#violations.push(`T-20 ${text} is stored ${kept.length} times`)
      const isAcknowledged = outcome === 'stored' || outcome === 'duplicate'
      if (isAcknowledged && copies.length === 0) {
        this.#violations.push(`T-18 ${text} was acknowledged and never stored`)
      }
      if (outcome === 'not stored' && copies.length > 0) {
        this.#violations.push(`T-19 ${text} was rejected, and is stored`)
      }
    }
    this.#judgeOrder()
  }

  #judgeOrder(): void {
    const numbers = new Map(this.#publishes.map((each) => [each.text, each]))
    const last = new Map<string, number>()
    for (const { text, isLost } of this.#log.stored) {
      const publish = numbers.get(text)
      if (publish === undefined || isLost) continue
      const before = last.get(publish.publisher) ?? -1
      if (publish.number < before) this.#violations.push(`T-02 ${text} came too late`)
      last.set(publish.publisher, publish.number)
    }
  }

  #judgeSubscriber(name: string, { items, position, node }: Subscriber): void {
    let previous: TopicItem | null = null
    let epoch: string | null = null
    let offset: number | null = null
    for (const item of items) {
      if (item.type === 'gap') {
        if (item.epoch !== epoch && item.reason !== 'epoch' && epoch !== null) {
          this.#violations.push(`T-13 ${name}: another epoch without a gap that says so`)
        }
        epoch = item.epoch
        offset = (item.before ?? 1) - 1
      } else if (item.type === 'event') {
        const at = item.offset ?? 0
        if (offset !== null && at <= offset) {
          this.#violations.push(`T-04 ${name}: offset ${at} after ${offset}`)
        }
        if (offset !== null && at !== offset + 1) {
          this.#violations.push(`T-05 ${name}: ${at} after ${offset} without a gap`)
        }
        const truth = this.#log.stored.filter(
          (each) => each.offset === at && each.text === item.event,
        )
        if (truth.length === 0) this.#violations.push(`T-01 ${name}: ${at} is not in the log`)
        offset = at
      }
      previous = item
    }
    const topic = node.node
    const head = this.#head()
    const isBehind =
      position !== null && (position.epoch !== head.epoch || position.offset !== head.offset)
    if (isBehind && previous !== null) {
      this.#violations.push(
        `T-05 ${name} ends at ${position.epoch} ${position.offset}, the log at ${head.epoch} ${head.offset} (${topic.settings.nodeId})`,
      )
    }
    if (!items.some(({ type }) => type === 'live')) this.#violations.push(`T-17 ${name}: no live`)
  }

  #head(): Head {
    return this.#log.headOf('test:rooms/1')
  }

  #pick<T>(values: readonly T[]): T {
    // The index is below the length.
    return values[Math.floor(this.#random() * values.length)] as T
  }

  #pass(ms: number): Promise<void> {
    return this.#environment.clock.advance(ms)
  }
}

function randomOf({ random }: Environment): () => number {
  const bytes = new Uint8Array(4)
  return () => {
    random(bytes)
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32
  }
}
