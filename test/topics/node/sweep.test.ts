import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { Sweep, VisitedList } from '../../../src/topics/node/sweep.ts'

class Member {
  place = -1
  visits = 0
  onVisit: () => void = () => {}
  endVisits: () => void = () => {}

  visit(): void {
    this.visits++
    this.onVisit()
  }
}

function listOf(count: number): { list: VisitedList<Member>; members: Member[] } {
  const list = new VisitedList<Member>()
  const members = Array.from({ length: count }, () => new Member())
  for (const member of members) list.add(member)
  return { list, members }
}

describe('VisitedList', () => {
  it('visits everyone once after a mark, some at a time', () => {
    const { list, members } = listOf(10)
    list.mark()

    expect(list.visit(7)).toBe(true)
    expect(list.visit(7)).toBe(false)
    expect(members.map(({ visits }) => visits)).toEqual(Array(10).fill(1))
  })

  it('gives some of its members, as many as are asked for', () => {
    const { list, members } = listOf(3)

    expect(list.some(2)).toEqual(members.slice(0, 2))
    expect(list.some(9)).toEqual(members)
  })

  it('ends each group of visits at its last member', () => {
    const { list, members } = listOf(10)
    const ended: number[] = []
    for (const [index, member] of members.entries()) member.endVisits = () => ended.push(index)
    list.mark()

    while (list.visit(4));
    list.visit(4)

    expect(ended).toEqual([3, 7, 9])
  })

  it('misses nobody when members come and go in between', () => {
    const { list, members } = listOf(5)
    list.mark()
    list.visit(2)

    const late = new Member()
    list.add(late)
    list.remove(members[0]!) // there are five
    list.remove(members[0]!)
    while (list.visit(1));

    expect(list.size).toBe(5)
    for (const member of [...members.slice(1), late]) expect(member.visits).toBeGreaterThan(0)
  })
})

describe('Sweep', () => {
  it('visits soon, once for many marks', async () => {
    const environment = createTestEnvironment(1)
    const sweep = new Sweep(environment)
    const { list, members } = listOf(3)

    for (let times = 0; times < 5; times++) sweep.mark(list)
    expect(members[0]?.visits).toBe(0)
    await environment.clock.advance(0)

    expect(members.map(({ visits }) => visits)).toEqual([1, 1, 1])
  })

  it('begins past the I/O that is ready, so that all events of a turn need one visit', () => {
    const environment = createTestEnvironment(1)
    const [soon, pastIo]: Array<Array<() => void>> = [[], []]
    const sweep = new Sweep({
      ...environment,
      defer: (task, argument) => void soon?.push(() => task(argument)),
      deferPastIo: (task, argument) => void pastIo?.push(() => task(argument)),
    })
    const { list, members } = listOf(3)

    sweep.mark(list)
    while (soon?.length !== 0) soon?.shift()?.()
    sweep.mark(list)
    while (pastIo?.length !== 0) pastIo?.shift()?.()

    expect(members.map(({ visits }) => visits)).toEqual([1, 1, 1])
  })

  it('lets other work in after 2 ms, and visits topics in turn', () => {
    const environment = createTestEnvironment(1)
    let now = 0
    const later: Array<() => void> = []
    const sweep = new Sweep({
      ...environment,
      clock: { now: () => now, setTimer: () => environment.clock.setTimer(0, () => {}) },
      defer: (task, argument) => void later.push(() => task(argument)),
      deferPastIo: (task, argument) => void later.push(() => task(argument)),
    })
    const { list, members } = listOf(100)
    for (const member of members) member.onVisit = () => (now += 0.1)
    const other = listOf(1)

    sweep.mark(list)
    sweep.mark(other.list)
    later.shift()?.()
    expect(members.filter(({ visits }) => visits > 0)).toHaveLength(32)
    later.shift()?.()
    expect(other.members[0]?.visits).toBe(1)
    while (later.length > 0) later.shift()?.()

    expect(members.every(({ visits }) => visits === 1)).toBe(true)
  })
})
