import { describe, expect, it } from 'vitest'
import { withTestApplication } from '../../../src/testing/index.ts'
import { connecting, Room, serving } from '../../support/topics-client.ts'
import { Listening } from '../../support/topics-world.ts'

describe('ClientFeeds', () => {
  it('subscribes as fast as it may, and in the end to everything', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, { maxSubscribesPerSecond: 5 })
      const live = connecting(t)
      await t.clock.advance(10)
      const names = Array.from({ length: 20 }, (_, n) => `${n}`)
      const all = names.map(
        (name) => new Listening(live.topic(Room, { room: name }).events({ from: 'start' })),
      )
      await t.clock.advance(20_000)
      for (const name of names) await topics.topic(Room, { room: name }).publish(name)
      await t.clock.advance(10)

      expect(all.flatMap(({ events }) => events)).toEqual(names)
      await live.close()
    })
  })

  it('does not try a refused subscribe again once nothing reads the topic', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, { maxSubscribesPerSecond: 1 })
      const live = connecting(t)
      await t.clock.advance(10)
      const [first, second] = ['1', '2'].map(
        (name) => new Listening(live.topic(Room, { room: name }).events()),
      )
      await t.clock.advance(10)
      await second?.stop()
      await t.clock.advance(5000)

      expect(topics.topic(Room, { room: '1' }).here).toBe(1)
      expect(topics.topic(Room, { room: '2' }).here).toBe(0)
      expect(first?.short).toBe('live')
      await live.close()
    })
  })

  it('receives a topic whose loop began while hello was under way', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const live = connecting(t)
      // Longer than it takes to connect: the loop begins in each state of the connection.
      const listening: Listening[] = []
      for (let turn = 0; turn < 40; turn++) {
        const each = live.topic(Room, { room: `${turn}` })
        listening.push(new Listening(each.events()))
        await Promise.resolve()
      }
      await t.clock.advance(10)
      for (let turn = 0; turn < 40; turn++) {
        await topics.topic(Room, { room: `${turn}` }).publish(turn)
      }
      await t.clock.advance(10)

      expect(listening.flatMap(({ events }) => events)).toEqual(
        Array.from({ length: 40 }, (_, n) => n),
      )
      await live.close()
    })
  })

  it('does not receive a topic whose loop ended while hello was under way', async () => {
    await withTestApplication(async (t) => {
      const listening: Listening[] = []
      // The server has read hello, and has not answered it.
      const authenticate = async (): Promise<boolean> => {
        await listening[0]?.stop()
        return true
      }
      const topics = serving(t, {}, { authenticate })
      const live = connecting(t)
      listening.push(new Listening(live.topic(Room, { room: '1' }).events()))
      await t.clock.advance(10)

      expect(topics.topic(Room, { room: '1' }).here).toBe(0)
      await live.close()
    })
  })
})
