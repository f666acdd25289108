import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Subscribers, TopicsOfProcess } from '../../src/topics/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import { Room, room, serving } from '../support/topics-client.ts'
import { Listening, TopicsWorld } from '../support/topics-world.ts'

let world: TopicsWorld

beforeEach(() => {
  world = new TopicsWorld()
})

afterEach(() => world.end())

async function count(topics: TopicsOfProcess): Promise<Subscribers> {
  const counting = topics.topic(Room, room).subscribers()
  await world.pass(500)
  return counting
}

function listen(topics: TopicsOfProcess): Listening {
  return new Listening(topics.topic(Room, room).events())
}

describe('SubscriberCounts', () => {
  it('T-26 everywhere is the sum of all processes, at most 5 s old', async () => {
    const [a, b, c] = [await world.open(), await world.open(), await world.open()]
    const first = listen(a)
    listen(b)
    listen(b)
    await world.pass(10)

    expect(await count(a)).toEqual({ here: 1, everywhere: 3 })
    expect(await count(c)).toEqual({ here: 0, everywhere: 3 })
    await first.stop()
    expect(await count(a)).toEqual({ here: 0, everywhere: 2 })
    listen(c)
    await world.pass(5000)
    expect(await count(a)).toEqual({ here: 0, everywhere: 3 })
  })

  it('waits no longer than for the processes that are known', async () => {
    const [a, b] = [await world.open(), await world.open()]
    listen(b)
    await world.pass(10)
    await count(a)
    await world.pass(5000)

    const again = a.topic(Room, room).subscribers()
    await world.pass(0)
    expect(await again).toEqual({ here: 0, everywhere: 1 })
  })

  it('does not count a process that has stopped, and knows nothing while the broker is down', async () => {
    const [a, b] = [await world.open(), await world.open()]
    listen(a)
    listen(b)
    await world.pass(10)
    expect(await count(a)).toEqual({ here: 1, everywhere: 2 })

    await b.close()
    await world.pass(5000)
    expect(await count(a)).toEqual({ here: 1, everywhere: 1 })
    world.log.cut()
    expect(await count(a)).toEqual({ here: 1, everywhere: null })
  })

  it('a process alone knows at once', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      listen(topics)
      await t.settle()

      expect(await topics.topic(Room, room).subscribers()).toEqual({ here: 1, everywhere: 1 })
    })
  })
})
