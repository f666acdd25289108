import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocketSession } from '../../../src/session/index.ts'
import { defineTopic } from '../../../src/topics/index.ts'
import type { PresenceMessage } from '../../../src/topics/presence/presence-messages.ts'
import type { PresenceNodes } from '../../../src/topics/presence/presence-nodes.ts'
import { TopicMembers } from '../../../src/topics/presence/topic-members.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

const Room = defineTopic('rooms/:room', { presence: { listed: 2 } })
const LINGER_MS = 10_000

let environment: TestEnvironment
let members: TopicMembers
/** The processes that live. */
let live: string[]
let steps: string[]

beforeEach(() => {
  environment = createTestEnvironment(1)
  ;[live, steps] = [['b'], []]
  members = topic(false)
})

afterEach(() => members.end())

/** What `members` does is in `steps`. */
function topic(isAlone: boolean, lingerMs = LINGER_MS): TopicMembers {
  let count = 0
  // What members use.
  const nodes = {
    id: 'own',
    live,
    isSettled: true,
    ask: (_topics: readonly string[], to: string | null) => steps.push(`ask ${to ?? 'all'}`),
    send: (_channel: string, { type }: PresenceMessage) => steps.push(type),
    nextStamp: () => ++count,
    nextVersion: () => ++count,
    sawStamp() {},
  } as unknown as PresenceNodes
  return new TopicMembers(
    'rooms/1',
    Room,
    {
      timers: environment.timers,
      graceMs: 10_000,
      lingerMs,
      maxMetaBytes: 1024,
      nodes,
      isAlone,
      isUp: () => true,
      listen: () => steps.push('listen'),
      unlisten: () => steps.push('unlisten'),
      failed() {},
    },
    () => steps.push('unused'),
  )
}

function answer(node: string, ...keys: string[]): void {
  const entries = keys.map((key) => [key, null, 1] as const)
  members.message({
    type: 'snapshot',
    node,
    version: 1,
    part: 0,
    isLast: true,
    members: entries,
  })
}

function join(key: string): { leave(): void } {
  const session = { closeReason: new Promise(() => {}) } as unknown as WebSocketSession
  return members.join({ session, key, meta: null, check() {}, claim: null, lost: undefined })
}

describe('TopicMembers', () => {
  it('T-52 a list waits for the other processes, and is complete when all have answered', async () => {
    const listing = members.list()
    answer('b', 'bob')

    expect(await listing).toEqual({
      members: [{ key: 'bob', meta: null }],
      count: 1,
      complete: true,
    })
    expect(environment.clock.now()).toBe(0)
  })

  it('T-52 a list does not wait for longer than a second, and is not complete then', async () => {
    join('ada')
    const listing = members.list()
    await environment.clock.advance(1000)

    expect(await listing).toMatchObject({ count: 1, complete: false })
  })

  it('T-52 a list does not wait for a process that has gone', async () => {
    const listing = members.list()
    live.pop()
    members.nodeGone('b')

    expect(await listing).toMatchObject({ count: 0, complete: true })
  })

  it('T-52 a list waits for its second when a watch ends meanwhile, however short the linger time is', async () => {
    members.end()
    members = topic(false, 10)
    const watch = members.watch(null, false)
    const listing = members.list()
    await watch.return?.()
    await environment.clock.advance(999)
    expect(steps).not.toContain('unlisten')
    answer('b', 'bob')

    expect(await listing).toMatchObject({ count: 1, complete: true })
    await environment.clock.advance(10)
    expect(steps.slice(-2)).toEqual(['unlisten', 'unused'])
  })

  it('T-51 a list has a sample of the members, and their number', async () => {
    for (const key of ['ada', 'bob', 'cem']) join(key)
    const listing = members.list()
    answer('b', 'dan')

    expect(await listing).toMatchObject({ members: { length: 2 }, count: 4 })
  })

  it('asks nothing where no other process can be', async () => {
    members.end()
    members = topic(true)
    join('ada')

    expect(await members.list()).toMatchObject({ count: 1, complete: true })
    expect(steps).toEqual([])
  })

  it('keeps the copies for the linger time after the last read, and asks again later', async () => {
    const first = members.list()
    answer('b', 'bob')
    await first
    await environment.clock.advance(LINGER_MS - 1)
    await members.list()
    expect(steps).toEqual(['listen', 'ask all'])
    await environment.clock.advance(LINGER_MS)
    expect(steps).toEqual(['listen', 'ask all', 'unlisten', 'unused'])

    void members.list()

    expect(steps.slice(4)).toEqual(['listen', 'ask all'])
  })

  it('ignores what other processes say while nothing reads the topic', async () => {
    answer('b', 'bob')
    members.seen('b')
    expect(steps).toEqual([])

    const listing = members.list()
    await environment.clock.advance(1000)

    expect(await listing).toMatchObject({ count: 0 })
  })

  it('T-48 a watch begins when the members of other processes are known', async () => {
    const watch = members.watch(null, false)
    const first = watch.next()
    const seat = join('ada')
    answer('b', 'bob')
    expect(await first).toMatchObject({ value: { type: 'members', count: 2 } })
    seat.leave()

    expect(await watch.next()).toMatchObject({ value: { type: 'left', member: { key: 'ada' } } })
  })

  it('is not used any more when the last member has left and that was told', async () => {
    const seats = [join('ada'), join('bob')]
    seats[0]?.leave()
    await environment.clock.advance(10_000)
    expect(members.here).toBe(1)
    expect(steps).not.toContain('unused')
    seats[1]?.leave()
    expect(steps).not.toContain('unused')
    await environment.clock.advance(3100)

    expect(steps.slice(-3)).toEqual(['delta', 'beacon', 'unused'])
  })

  it('ends its watches and lists, and leaves no timer behind', async () => {
    const watch = members.watch(null, false)
    const [next, listing] = [watch.next(), members.list()]
    join('ada')
    members.end()

    expect(await next).toEqual({ done: true, value: undefined })
    expect(await listing).toMatchObject({ count: 1, complete: false })
    expect(environment.timers.size).toBe(0)
  })
})
