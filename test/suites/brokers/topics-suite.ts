/**
 * What topics promise over every broker. Whole nodes run here, with real faults of the engine.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerUnavailableError, defineTopic } from '../../../src/topics/index.ts'
import { readTopicsOptions } from '../../../src/topics/topics-options.ts'
import { TopicsOfProcess } from '../../../src/topics/topics.ts'
import { Listening } from '../../support/topics-world.ts'
import type { BrokerHarness, BrokerUnderTest } from './harness.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const Small = defineTopic('small/:name', { history: { size: 5, age: 600_000 } })
const room = { room: '1' }
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/** Runs the sentences on one broker. */
export function topicsSuite({ name, createHarness, skip = {} }: BrokerUnderTest): void {
  describe(`${name}: the promises of topics`, () => {
    let harness: BrokerHarness
    let processes: TopicsOfProcess[] = []

    beforeEach(async () => {
      harness = await createHarness()
      processes = []
    })

    afterEach(async () => {
      await Promise.all(processes.map((each) => harness.settle(each.close())))
      await harness.end()
    })

    function sentence(title: string, body: () => Promise<void>): void {
      const reason = Object.entries(skip).find(([start]) => title.startsWith(start))?.[1]
      const isKept = reason === undefined
      it.runIf(isKept)(`${title}${isKept ? '' : ` (${reason})`}`, body)
    }

    async function open(): Promise<TopicsOfProcess> {
      const settings = readTopicsOptions('test', {
        broker: harness.create(),
        namespace: 'test',
        publishTimeout: 30_000,
      })
      const topics = new TopicsOfProcess(settings, harness.environment, SILENT)
      processes.push(topics)
      await harness.settle(topics.open())
      return topics
    }

    /** Resolves when `isSo`, which events of `listening` may make true. */
    async function until(listening: Listening, isSo: () => boolean): Promise<void> {
      await harness.settle(listening.until(isSo))
    }

    async function publish(topics: TopicsOfProcess, event: string): Promise<void> {
      await harness.settle(topics.topic(Room, room).publish(event))
    }

    sentence('T-01 T-09 all nodes see all events, their own too, in one order', async () => {
      const [a, b] = [await open(), await open()]
      const listening = [a, b].map((each) => new Listening(each.topic(Room, room).events()))
      for (const each of listening) await until(each, () => each.short === 'live')

      for (let n = 0; n < 10; n++) await publish(n % 2 === 0 ? a : b, `event ${n}`)
      for (const each of listening) await until(each, () => each.events.length === 10)

      expect(listening[0]?.events).toEqual(listening[1]?.events)
    })

    sentence('T-11 T-35 a position of one node is good on another', async () => {
      const [a, b] = [await open(), await open()]
      await publish(a, 'one')
      const position = await harness.settle(a.topic(Room, room).position())
      await publish(a, 'two')
      await harness.settle(a.close())
      await publish(b, 'three')

      const listening = new Listening(b.topic(Room, room).events({ from: position }))
      await until(listening, () => listening.items.at(-1)?.type === 'live')

      expect(listening.events).toEqual(['two', 'three'])
      expect(listening.short).not.toContain('gap')
    })

    sentence('T-12 what the history no longer holds is a gap', async () => {
      const topics = await open()
      const topic = topics.topic(Small, { name: 'x' })
      await harness.settle(topic.publish('0'))
      const position = await harness.settle(topic.position())
      for (let n = 1; n <= 20; n++) await harness.settle(topic.publish(`${n}`))
      const other = await open()

      const listening = new Listening(other.topic(Small, { name: 'x' }).events({ from: position }))
      await until(listening, () => listening.items.at(-1)?.type === 'live')

      expect(listening.items[0]).toMatchObject({ type: 'gap', after: position.offset })
      expect(listening.events.slice(-5)).toEqual(['16', '17', '18', '19', '20'])
    })

    sentence('T-28 T-30 T-31 a cut is healed without a gap', async () => {
      const [a, b] = [await open(), await open()]
      const listening = new Listening(a.topic(Room, room).events())
      await until(listening, () => listening.short === 'live')
      await harness.cut(a.broker.engine, false)
      const down = new Promise<void>((resolve) => {
        a.monitor.on('brokerChanged', ({ state }) => {
          if (state.state === 'down') resolve()
        })
        if (a.broker.state === 'down') resolve()
      })
      await harness.settle(down)
      await expect(a.topic(Room, room).publish('x')).rejects.toThrow(BrokerUnavailableError)
      for (const event of ['one', 'two']) await publish(b, event)

      await harness.mend(a.broker.engine)
      await until(listening, () => listening.events.length === 2)

      expect(listening.events).toEqual(['one', 'two'])
      expect(listening.short).not.toContain('gap')
    })

    sentence('T-33 an engine that lacks the tail is told as another epoch', async () => {
      const [a, b] = [await open(), await open()]
      const listening = new Listening(a.topic(Room, room).events())
      await until(listening, () => listening.short === 'live')
      for (let n = 1; n <= 4; n++) await publish(b, `${n}`)
      await until(listening, () => listening.events.length === 4)

      await harness.restartWithLoss(2)
      await until(listening, () => listening.short.includes('epoch'))
    })
  })
}
