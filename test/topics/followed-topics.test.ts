import { afterEach, beforeEach, expect, it } from 'vitest'

import { followedTopics } from '../../src/topics/followed-topics.ts'
import { defineTopic } from '../../src/topics/index.ts'
import { TopicsWorld } from '../support/topics-world.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })

let world: TopicsWorld

beforeEach(() => {
  world = new TopicsWorld()
})

afterEach(() => world.end())

it('tells the subscribers of each topic, and how far behind the slowest is', async () => {
  const topics = await world.open()
  const idle = { ready: () => {}, lagged: () => 'skips' as const }
  const subscribing = topics.parts.node.subscribe('rooms/1', Room, idle, 'now')
  await world.pass(1)
  await subscribing
  const before = followedTopics(topics).map(({ lag }) => lag())
  for (let number = 0; number < 5; number++) await topics.topic(Room, { room: '1' }).publish(number)
  await world.pass(1)
  const [facts] = followedTopics(topics)

  expect(before).toEqual([0])
  expect(facts).toMatchObject({ name: 'rooms/1', subscribers: 1 })
  expect(facts?.lag()).toBe(5)
})
