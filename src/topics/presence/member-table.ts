/**
 * The members of a topic: a key is present while at least one seat has it.
 */

import type { Member } from './presence.ts'

/** How the members change. */
export type MemberChange =
  | { readonly type: 'joined'; readonly member: Member }
  | { readonly type: 'updated'; readonly member: Member }
  | { readonly type: 'left'; readonly member: Member }

/** A meta of a key. All processes agree which one is the latest. */
export interface Said {
  readonly meta: unknown
  /** Above every stamp that the process has used or received before. */
  readonly stamp: number
  /** The process. If two stamps are equal, the greater name is the later one. */
  readonly by: string
}

interface Present {
  member: Member
  /** What the member takes in a list: bytes of its JSON text, and a comma. */
  bytes: number
  said: Said
  /** A seat is anything that can sit: a connection, or a whole process. */
  readonly seats: Map<unknown, Said>
}

const UTF8 = new TextEncoder()

/** Keys, and the seats that have them. */
export class MemberTable {
  readonly #members = new Map<string, Present>()
  #bytes = 0

  /** How many keys are present. */
  get size(): number {
    return this.#members.size
  }

  /** Bytes of a list of all members in JSON. */
  get bytes(): number {
    return this.#bytes
  }

  get keys(): Iterable<string> {
    return this.#members.keys()
  }

  /** At most `limit` members, with at most `maxBytes` in JSON: a fresh list. */
  list(limit: number, maxBytes: number = Infinity): Member[] {
    const members: Member[] = []
    let left = maxBytes
    for (const { member, bytes } of this.#members.values()) {
      left -= bytes
      if (members.length === limit || left < 0) break
      members.push(member)
    }
    return members
  }

  /** The meta that counts for a key; `null` if the key is not present. */
  saidOf(key: string): Said | null {
    return this.#members.get(key)?.said ?? null
  }

  /**
   * A seat takes a key, or changes its meta. @returns `null` if the members are the same as before.
   */
  sit(seat: unknown, key: string, said: Said): MemberChange | null {
    const present = this.#members.get(key)
    if (present === undefined) {
      const member = Object.freeze({ key, meta: said.meta })
      const bytes = bytesOf(member)
      this.#bytes += bytes
      this.#members.set(key, { member, bytes, said, seats: new Map([[seat, said]]) })
      return { type: 'joined', member }
    }
    const before = present.seats.get(seat)
    present.seats.set(seat, said)
    if (before === present.said) return this.#choose(key, present)
    return isLater(said, present.said) ? this.#say(key, present, said) : null
  }

  /** A seat gives up its key. @returns `null` if other seats have the key, or the seat had none. */
  stand(seat: unknown, key: string): MemberChange | null {
    const present = this.#members.get(key)
    const said = present?.seats.get(seat)
    if (present === undefined || said === undefined) return null
    present.seats.delete(seat)
    return said === present.said ? this.#choose(key, present) : null
  }

  #choose(key: string, present: Present): MemberChange | null {
    let latest: Said | null = null
    for (const said of present.seats.values()) {
      if (latest === null || isLater(said, latest)) latest = said
    }
    if (latest !== null) return this.#say(key, present, latest)
    this.#members.delete(key)
    this.#bytes -= present.bytes
    return { type: 'left', member: present.member }
  }

  #say(key: string, present: Present, said: Said): MemberChange | null {
    present.said = said
    if (JSON.stringify(present.member.meta) === JSON.stringify(said.meta)) return null
    present.member = Object.freeze({ key, meta: said.meta })
    this.#bytes -= present.bytes
    present.bytes = bytesOf(present.member)
    this.#bytes += present.bytes
    return { type: 'updated', member: present.member }
  }
}

function isLater(a: Said, b: Said): boolean {
  return a.stamp === b.stamp ? a.by > b.by : a.stamp > b.stamp
}

function bytesOf(member: Member): number {
  return UTF8.encode(JSON.stringify(member)).length + 1
}
