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
})
