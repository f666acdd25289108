import { describe, expect, it } from 'vitest'
import { withTestApplication } from '../../../src/testing/index.ts'
import { memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import { connecting, Room, room, serving } from '../../support/topics-client.ts'

describe.each(['json', 'binary'] as const)('ClientHistories in %s', (encoding) => {
  it('reads pages, with bytes and JSON, without a subscription', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const topic = topics.topic(Room, room)
      for (const event of ['one', 2, new Uint8Array([3])]) await topic.publish(event)
      const live = connecting(t, { encoding })
      const reading = live.topic(Room, room).history({ from: { last: 2 } })
      await t.clock.advance(10)

      const page = await reading
      expect(page).toMatchObject({ head: 3, complete: true })
      expect(page.events.map(({ event }) => event)).toEqual([2, new Uint8Array([3])])
      expect(await topic.history({ from: { last: 2 } })).toEqual(page)
      await live.close()
    })
  })

  it('asks again on the next connection, and while the broker is down', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const topics = serving(t, { broker: memoryBroker({ log }) })
      await topics.topic(Room, room).publish('x')
      const live = connecting(t, { encoding })
      await t.clock.advance(10)
      t.network.reset()
      const reading = live.topic(Room, room).history()
      await t.clock.advance(2000)
      expect((await reading).events).toHaveLength(1)

      log.cut()
      const later = live.topic(Room, room).history({ from: 'start' })
      await t.clock.advance(2000)
      log.mend()
      await t.clock.advance(2000)
      expect((await later).events).toHaveLength(1)
      await live.close()
    })
  })

  it('rejects what is forbidden, what is given up, and what is open at the end', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, { encoding })
      const forbidden = live.topic(Room, { room: 'forbidden' }).history()
      forbidden.catch(() => {}) // asserted below
      await t.clock.advance(10)
      await expect(forbidden).rejects.toMatchObject({ reason: 'forbidden' })

      const aborting = new AbortController()
      const given = live.topic(Room, room).history({ signal: aborting.signal })
      aborting.abort(new Error('enough'))
      await expect(given).rejects.toThrow('enough')
      const signal = AbortSignal.abort(new Error('before'))
      await expect(live.topic(Room, room).history({ signal })).rejects.toThrow('before')

      const open = live.topic(Room, room).history()
      open.catch(() => {}) // asserted below
      t.network.reset()
      await live.close()
      await expect(open).rejects.toMatchObject({ reason: 'closed' })
    })
  })

  it('keeps a limited number of requests', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, { encoding })
      const topic = live.topic(Room, room)
      const pages = Array.from({ length: 65 }, () => topic.history())
      await expect(pages[64]).rejects.toMatchObject({ reason: 'limit' })
      await t.clock.advance(10_000)

      await expect(Promise.all(pages.slice(0, 64))).resolves.toHaveLength(64)
      await live.close()
    })
  })
})
