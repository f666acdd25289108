/**
 * The sweep over cursors: visits those that have something to receive, in short turns of the event
 * loop.
 */

import type { Environment } from '../../base/internal.ts'

/** A member of a list that is visited: it takes all that there is for it. */
export interface Visited {
  visit(): void
  /** A group of visits is over, and this member was the last one: writes out what they sent. */
  endVisits?(): void
}

/**
 * Visits between two looks at the clock. What they sent is then written out: the objects of the
 * sessions are still in the processor's cache, and the first sessions do not wait for the last.
 */
const VISITS_PER_LOOK = 32
const MAX_TURN_MS = 2
/** How many events may gather in a turn, in rings. */
const MAX_GATHERED = 0.5

/** A list whose members are visited. Each member knows its place: removing takes constant time. */
export class VisitedList<Member extends Visited & { place: number }> {
  /** Made small: most lists have one member, and an array that grows has room for many. */
  #members: Member[] = []
  #next = 0
  #left = 0

  get size(): number {
    return this.#members.length
  }

  /** Some of the members: at most `count`; a copy. */
  some(count: number): readonly Member[] {
    return this.#members.slice(0, count)
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#members.values()
  }

  add(member: Member): void {
    member.place = this.#members.length
    if (member.place === 0) this.#members = [member]
    else this.#members.push(member)
    // It may stand before a member that is still to be visited.
    if (this.#left > 0) this.#left++
  }

  /** Does nothing for a member of another list. */
  remove(member: Member): void {
    if (this.#members[member.place] !== member) return
    const last = this.#members.pop()
    if (last === undefined || last === member) return
    this.#members[member.place] = last
    last.place = member.place
    // The last member may wait for its visit, and the sweep may have passed its new place.
    if (this.#left > 0) this.#left = this.#members.length
  }

  /** Has every member visited once more, from where the sweep is. */
  mark(): void {
    this.#left = this.#members.length
  }

  /** Visits up to `count` members. @returns whether others wait. */
  visit(count: number): boolean {
    let last: Member | undefined
    for (let visits = 0; visits < count && this.#left > 0; visits++) {
      this.#left--
      if (this.#next >= this.#members.length) this.#next = 0
      last = this.#members[this.#next++]
      last?.visit()
    }
    last?.endVisits?.()
    return this.#left > 0
  }
}

type Swept = Pick<VisitedList<Visited & { place: number }>, 'mark' | 'visit'>

/**
 * Sweeps over all lists that were marked, in turn. A sweep begins past the I/O that is ready: the
 * events of a turn then reach each member in one visit. It begins sooner when so many events have
 * gathered that a ring may soon drop the first of them.
 */
export class Sweep {
  readonly #environment: Environment
  readonly #marked = new Set<Swept>()
  /** The events since the last visits, in rings. */
  #gathered = 0
  #isSoon = false
  #isPastIo = false
  #lookedAt: number

  constructor(environment: Environment) {
    this.#environment = environment
    this.#lookedAt = Math.floor(this.now)
  }

  /** When the sweep last looked at the clock, in whole milliseconds. */
  get lookedAt(): number {
    return this.#lookedAt
  }

  get now(): number {
    return this.#environment.clock.now()
  }

  /**
   * Has all members of `list` visited, soon.
   *
   * @param share the part of a ring that the new event takes; 0 for no event.
   */
  mark(list: Swept, share: number = 0): void {
    list.mark()
    this.#marked.add(list)
    this.#gathered += share
    if (this.#gathered >= MAX_GATHERED && !this.#isSoon) {
      this.#isSoon = true
      this.#environment.defer(sweepSoon, this)
    }
    this.#schedule()
  }

  /** The microtasks that were queued have run. */
  soon(): void {
    this.#isSoon = false
    this.#run()
  }

  /** The I/O that was ready has been handled. */
  pastIo(): void {
    this.#isPastIo = false
    this.#run()
  }

  #run(): void {
    this.#gathered = 0
    const end = this.#look() + MAX_TURN_MS
    for (const list of this.#marked) {
      this.#marked.delete(list)
      // Back to the end of the line, so that a large topic does not delay the others.
      if (list.visit(VISITS_PER_LOOK)) this.#marked.add(list)
      if (this.#look() < end) continue
      break
    }
    if (this.#marked.size > 0) this.#schedule()
  }

  #schedule(): void {
    if (this.#isPastIo) return
    this.#isPastIo = true
    this.#environment.deferPastIo(sweepPastIo, this)
  }

  #look(): number {
    const { now } = this
    this.#lookedAt = Math.floor(now)
    return now
  }
}

function sweepSoon(sweeping: Sweep): void {
  sweeping.soon()
}

function sweepPastIo(sweeping: Sweep): void {
  sweeping.pastIo()
}
