import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PresenceChange } from '../../../src/topics/index.ts'
import { MemberTable } from '../../../src/topics/presence/member-table.ts'
import { TopicWatches } from '../../../src/topics/presence/topic-watches.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

let environment: TestEnvironment
let all: MemberTable
let watches: TopicWatches
let left: number
let stamp: number

/** Lists two members one by one. */
beforeEach(() => {
  environment = createTestEnvironment(1)
  ;[all, left, stamp] = [new MemberTable(), 0, 0]
  watches = new TopicWatches({
    timers: environment.timers,
    listed: 2,
    all,
    isReady: () => true,
    left: () => left++,
  })
})

const HALF = 'x'.repeat(256 * 1024)

afterEach(() => watches.end())

function join(key: string, meta: string | null = null): void {
  const change = all.sit(key, key, { meta, stamp: ++stamp, by: 'a' })
  if (change !== null) watches.tell(change)
}

function leave(key: string): void {
  const change = all.stand(key, key)
  if (change !== null) watches.tell(change)
}

/** What a watch has brought, written short. */
function reading(isCounting = false): string[] {
  const brought: string[] = []
  void (async () => {
    for await (const change of watches.open(null, isCounting)) brought.push(shortOf(change))
  })()
  return brought
}

function shortOf(change: PresenceChange): string {
  if (change.type === 'members') {
    return `members(${change.members.map(({ key }) => key).join()} of ${change.count})`
  }
  return change.type === 'count' ? `count(${change.count})` : `${change.type}(${change.member.key})`
}

const pass = (ms: number): Promise<void> => environment.clock.advance(ms)

describe('TopicWatches', () => {
  it('T-48 a watch begins with the members, and gets every change of them', async () => {
    join('ada')
    const brought = reading()
    await pass(0)
    join('bob')
    leave('ada')
    await pass(0)

    expect(brought).toEqual(['members(ada of 1)', 'joined(bob)', 'left(ada)'])
  })

  it('T-51 above the listed members there is a count each second, and no single changes', async () => {
    const brought = reading()
    await pass(0)
    for (const key of ['a', 'b', 'c']) join(key)
    await pass(999)
    expect(brought).toEqual(['members( of 0)', 'joined(a)', 'joined(b)'])
    await pass(1)
    join('d')
    await pass(1000)

    expect(brought.slice(3)).toEqual(['count(3)', 'count(4)'])
  })

  it('T-51 a member that comes and goes at the limit causes one list a second', async () => {
    for (const key of ['a', 'b']) join(key)
    const brought = reading()
    await pass(0)
    for (let n = 0; n < 30; n++) {
      join('c')
      leave('c')
      await pass(100)
    }

    expect(brought).toEqual(Array(4).fill('members(a,b of 2)'))
  })

  it('T-51 above 512 KiB of members there is a count each second, and no single changes', async () => {
    join('a', HALF)
    const brought = reading()
    await pass(0)
    join('b', HALF)
    const late = reading()
    await pass(1000)
    expect(brought).toEqual(['members(a of 1)', 'count(2)'])
    expect(late).toEqual(['members(a of 2)', 'count(2)'])
    join('b', 'short')
    await pass(1000)
    join('a', null)
    await pass(0)

    expect(brought.slice(2)).toEqual(['members(a,b of 2)', 'updated(a)'])
  })

  it('a watch that counts gets a count at the beginning and each second', async () => {
    const brought = reading(true)
    await pass(0)
    join('ada')
    join('bob')
    await pass(1000)
    await pass(5000)

    expect(brought).toEqual(['count(0)', 'count(2)'])
  })

  it('renew() gives each watch the members again', async () => {
    join('ada')
    const [full, counting] = [reading(), reading(true)]
    await pass(0)
    watches.renew()
    await pass(0)

    expect(full).toEqual(['members(ada of 1)', 'members(ada of 1)'])
    expect(counting).toEqual(['count(1)', 'count(1)'])
  })

  it('ends all watches, tells each that has left, and keeps no timer', async () => {
    const [first, second] = [watches.open(null, false), watches.open(null, true)]
    await second.next()
    join('ada')
    await first.return()
    expect([watches.size, left, environment.timers.size]).toEqual([1, 1, 1])

    watches.end()

    expect(await second.next()).toEqual({ done: true, value: undefined })
    expect([watches.size, left, environment.timers.size]).toEqual([0, 2, 0])
  })
})
