/**
 * What topics promise over every broker. Whole nodes run here, with real faults of the engine.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocketSession } from '../../../src/session/index.ts'
import {
  BrokerUnavailableError,
  defineTopic,
  PresenceKeyTakenError,
  type Seat,
} from '../../../src/topics/index.ts'
import { readTopicsOptions } from '../../../src/topics/topics-options.ts'
import { TopicsOfProcess } from '../../../src/topics/topics.ts'
import { Listening } from '../../support/topics-world.ts'
import type { BrokerHarness, BrokerUnderTest } from './harness.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const Small = defineTopic('small/:name', { history: { size: 5, age: 600_000 } })
const Seats = defineTopic('seats', { presence: {} })
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

    async function open(nodeTimeout = 15_000, grace = 10_000): Promise<TopicsOfProcess> {
      const settings = readTopicsOptions('test', {
        broker: harness.create(),
        namespace: 'test',
        publishTimeout: 30_000,
        nodeTimeout,
        grace,
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

    function join(
      topics: TopicsOfProcess,
      key: string,
      holder: string,
      lost: () => void = () => {},
    ): Promise<Seat<unknown>> {
      const { presence } = topics.topic(Seats)
      return harness.settle(presence.join(lastingSession(), key, holder, { holder, lost }))
    }

    /** Joins when the key is free, and the engine is there. */
    async function joinWhenFree(
      topics: TopicsOfProcess,
      key: string,
      holder: string,
    ): Promise<Seat<unknown>> {
      for (;;) {
        const outcome = await joinWhenUp(topics, key, holder)
        if (outcome !== null) return outcome
        await harness.pass(100)
      }
    }

    /** @returns `null` if the key is taken. */
    async function joinWhenUp(
      topics: TopicsOfProcess,
      key: string,
      holder: string,
    ): Promise<Seat<unknown> | null> {
      for (;;) {
        try {
          return await join(topics, key, holder)
        } catch (error) {
          if (error instanceof PresenceKeyTakenError) return null
          // An engine that was restarted may end connections once more.
          if (!(error instanceof BrokerUnavailableError)) throw error
          await harness.pass(100)
        }
      }
    }

    /** Resolves with the state that `topics` has next, or has already. */
    async function untilState(topics: TopicsOfProcess, state: 'up' | 'down'): Promise<void> {
      const reached = new Promise<void>((resolve) => {
        topics.monitor.on('brokerChanged', (change) => {
          if (change.state.state === state) resolve()
        })
        if (topics.broker.state === state) resolve()
      })
      await harness.settle(reached)
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
      await untilState(a, 'down')
      await expect(a.topic(Room, room).publish('x')).rejects.toThrow(BrokerUnavailableError)
      for (const event of ['one', 'two']) await publish(b, event)

      await harness.mend(a.broker.engine)
      await until(listening, () => listening.events.length === 2)

      expect(listening.events).toEqual(['one', 'two'])
      expect(listening.short).not.toContain('gap')
    })

    sentence('T-59 of 20 holders on four nodes, exactly one gets a key', async () => {
      const nodes = [await open(), await open(), await open(), await open()]
      // The engine may create what keys need at the first one.
      for (const [n, node] of nodes.entries()) await joinWhenFree(node, `first ${n}`, 'one')

      const outcomes = await Promise.allSettled(
        Array.from({ length: 5 }, (_, n) =>
          nodes.map((node, at) => join(node, 'ada', `${n} of ${at}`)),
        ).flat(),
      )

      const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
      expect(refused).toHaveLength(19)
      for (const error of refused) expect(error).toBeInstanceOf(PresenceKeyTakenError)
    })

    sentence('T-60 a key is free on every node after its last seat has left', async () => {
      const [a, b] = [await open(), await open()]
      const seat = await join(a, 'ada', 'one')
      const second = await join(b, 'ada', 'one')
      await expect(join(b, 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)

      second.leave()
      await expect(join(b, 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
      seat.leave()

      expect((await joinWhenFree(b, 'ada', 'two')).key).toBe('ada')
    })

    sentence('T-60 a node that dies frees its keys when its lease ends', async () => {
      const [a, b] = [await open(1000), await open(1000)]
      await join(a, 'ada', 'one')

      await harness.cut(a.broker.engine, true)

      expect((await joinWhenFree(b, 'ada', 'two')).key).toBe('ada')
    })

    sentence(
      'T-60 a process that closes says goodbye: its keys are free after the grace',
      async () => {
        const [a, b] = [await open(3_600_000, 100), await open(3_600_000, 100)]
        await join(b, 'bob', 'two')
        await join(a, 'ada', 'one')

        await harness.settle(a.close())

        expect((await joinWhenFree(b, 'ada', 'two')).key).toBe('ada')
      },
    )

    sentence('T-61 no key is reserved while the broker is down, and none is lost', async () => {
      const [a, b] = [await open(), await open()]
      await join(a, 'ada', 'one', () => expect.fail('lost'))
      await harness.cut(a.broker.engine, false)
      await untilState(a, 'down')

      await expect(join(a, 'bob', 'one')).rejects.toThrow(BrokerUnavailableError)
      await expect(join(b, 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
      await harness.mend(a.broker.engine)
      await untilState(a, 'up')

      await expect(join(b, 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
      expect((await join(a, 'bob', 'one')).key).toBe('bob')
    })

    sentence('T-61 after an engine has lost its data, a key still has one holder', async () => {
      const [a, b] = [await open(), await open()]
      let lost = (): void => {}
      const isLost = new Promise<void>((resolve) => {
        lost = resolve
      })
      await join(a, 'ada', 'one', lost)

      await harness.restartWithLoss(1)
      for (const each of [a, b]) await untilState(each, 'up')

      // Either the holder has taken its key again, or it is told that it has lost it.
      if ((await joinWhenUp(b, 'ada', 'two')) !== null) await harness.settle(isLost)
      expect(await joinWhenUp(b, 'ada', 'three')).toBeNull()
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

/** A session that does not end. */
function lastingSession(): WebSocketSession {
  // Presence uses nothing else of a session.
  return {
    closeReason: new Promise(() => {}),
    close: async () => {},
  } as unknown as WebSocketSession
}
