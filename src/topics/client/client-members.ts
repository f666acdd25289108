/**
 * The members of one topic as a client knows them, and the loops that watch them.
 */

import type { Member, PresenceChange, PresenceMode } from '../presence/presence.ts'
import { PresenceWatch } from '../presence/presence-watch.ts'

/** The members of one topic. */
export class ClientMembers {
  /** `full` once one of the watches wants all members. */
  mode: PresenceMode
  readonly #unused: () => void
  readonly #watches = new Set<PresenceWatch>()
  #members = new Map<string, Member>()
  #count = 0
  #isReady = false

  /** @param unused is called when the last watch has ended. */
  constructor(mode: PresenceMode, unused: () => void) {
    this.mode = mode
    this.#unused = unused
  }

  /** Begins a watch. Its members come with the next message of the server, or are known. */
  watch(mode: PresenceMode, signal: AbortSignal | null): PresenceWatch {
    const source = {
      isReady: () => this.#isReady,
      members: (isCounting: boolean): PresenceChange => this.#list(isCounting),
      left: (each: PresenceWatch): void => {
        this.#watches.delete(each)
        if (this.#watches.size === 0) this.#unused()
      },
    }
    const watch = new PresenceWatch(source, signal, mode === 'count')
    this.#watches.add(watch)
    return watch
  }

  /** The server is asked for all members, and no longer for counts. */
  askForAll(): void {
    this.mode = 'full'
    this.#isReady = false
  }

  /** Applies a change that the server has told, and passes it to the watches. */
  apply(change: PresenceChange): void {
    // Changes of an earlier watch may still be under way.
    if (!this.#isReady && change.type !== (this.mode === 'full' ? 'members' : 'count')) return
    this.#change(change)
    const isRenewed = change.type === 'members' || !this.#isReady
    this.#isReady = true
    for (const watch of this.#watches) {
      if (isRenewed) watch.renew()
      else watch.push(watch.isCounting ? { type: 'count', count: this.#count } : change)
    }
  }

  /** Ends all watches; `error` is thrown from their loops. */
  end(error: Error | null): void {
    for (const watch of this.#watches) watch.end(error)
  }

  #change(change: PresenceChange): void {
    if (change.type === 'members') {
      this.#members = new Map(change.members.map((member) => [member.key, member]))
      this.#count = change.count
    } else if (change.type === 'count') {
      this.#count = change.count
    } else if (change.type === 'left') {
      if (this.#members.delete(change.member.key)) this.#count--
    } else {
      if (!this.#members.has(change.member.key)) this.#count++
      this.#members.set(change.member.key, change.member)
    }
  }

  #list(isCounting: boolean): PresenceChange {
    const count = this.#count
    if (isCounting) return { type: 'count', count }
    return { type: 'members', members: [...this.#members.values()], count }
  }
}
