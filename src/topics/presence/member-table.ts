/**
 * The members of a topic: a key is present while at least one seat has it.
 */

import type { Member } from './presence.ts'

/** What a change of seats means for the members. */
export type MemberChange =
  | { readonly type: 'joined'; readonly member: Member }
  | { readonly type: 'updated'; readonly member: Member }
  | { readonly type: 'left'; readonly member: Member }

interface Present {
  member: Member
  readonly seats: Set<object>
}

/** Keys, and the seats that have them. */
export class MemberTable {
  readonly #members = new Map<string, Present>()

  /** How many keys are present. */
  get size(): number {
    return this.#members.size
  }

  /** At most `limit` members: a fresh list. */
  list(limit: number): Member[] {
    const members: Member[] = []
    for (const { member } of this.#members.values()) {
      if (members.length === limit) break
      members.push(member)
    }
    return members
  }

  /** A seat takes a key, or says something else under it. @returns `null` when nothing is different. */
  sit(seat: object, key: string, meta: unknown): MemberChange | null {
    const member = Object.freeze({ key, meta })
    const present = this.#members.get(key)
    if (present === undefined) {
      this.#members.set(key, { member, seats: new Set([seat]) })
      return { type: 'joined', member }
    }
    present.seats.add(seat)
    if (JSON.stringify(present.member.meta) === JSON.stringify(meta)) return null
    present.member = member
    return { type: 'updated', member }
  }

  /** A seat gives up its key. @returns `null` when others have it, or it had none. */
  stand(seat: object, key: string): MemberChange | null {
    const present = this.#members.get(key)
    if (present === undefined || !present.seats.delete(seat)) return null
    if (present.seats.size > 0) return null
    this.#members.delete(key)
    return { type: 'left', member: present.member }
  }
}
