/**
 * The members of one topic, over all processes: those of this process (`own-seats.ts`), those of
 * others (`node-members.ts`), and the loops that watch them (`topic-watches.ts`).
 *
 * The members of other processes are collected only while something here reads them.
 */

import { Deferred, type WheelTimer } from '../../base/internal.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import { type MemberChange, MemberTable } from './member-table.ts'
import { NodeMembers } from './node-members.ts'
import { type Joining, OwnSeats } from './own-seats.ts'
import type { PresenceMessage } from './presence-messages.ts'
import type { PresenceParts } from './presence-parts.ts'
import type { Presence, PresenceList, Seat } from './presence.ts'
import { TopicWatches } from './topic-watches.ts'

/** How long other processes may take to say who is there. */
const COLLECT_MS = 1000

/** One topic. */
export class TopicMembers {
  readonly kind: AnyTopicKind
  readonly #parts: PresenceParts
  readonly #listed: number
  readonly #unused: () => void
  /** Members by the processes that have them. */
  readonly #all = new MemberTable()
  readonly #own: OwnSeats
  readonly #nodes: NodeMembers
  readonly #watches: TopicWatches
  /**
   * Set while the members of other processes are needed. Settles when all have answered, or after
   * `COLLECT_MS`.
   */
  #collecting: Deferred<void> | null = null
  #collectTimer: WheelTimer | null = null
  #lingerTimer: WheelTimer | null = null
  /** How many lists wait for other processes. */
  #listing = 0
  #isEnded = false

  /** @param unused is called when the topic has neither members nor readers. */
  constructor(name: string, kind: AnyTopicKind, parts: PresenceParts, unused: () => void) {
    this.kind = kind
    this.#parts = parts
    this.#listed = kind.presence?.listed ?? 0
    this.#unused = unused
    this.#own = new OwnSeats(parts, (key) => this.#ownChanged(key))
    this.#nodes = new NodeMembers(name, parts, {
      all: this.#all,
      own: this.#own.table,
      changed: (change) => this.#tell(change),
      answered: () => this.#answered(),
      idle: () => this.#rest(),
    })
    this.#watches = new TopicWatches({
      timers: parts.timers,
      listed: this.#listed,
      all: this.#all,
      isReady: () => this.#collecting?.isSettled !== false,
      left: () => this.#letLinger(),
    })
  }

  join(joining: Joining): Seat<unknown> {
    return this.#own.join(joining)
  }

  /** The members, when the other processes have answered or had time to. */
  async list(): Promise<PresenceList> {
    this.#begin()
    this.#listing++
    await this.#collecting?.promise
    this.#listing--
    const list = {
      members: this.#all.list(this.#listed),
      count: this.#all.size,
      complete: this.#parts.isAlone || this.#nodes.isComplete,
    }
    this.#letLinger()
    return list
  }

  watch(signal: AbortSignal | null, isCounting: boolean): ReturnType<Presence['changes']> {
    this.#begin()
    return this.#watches.open(signal, isCounting)
  }

  /** How many members have a connection to this process. */
  get here(): number {
    return this.#own.table.size
  }

  /** A message of another process. */
  message(message: PresenceMessage): void {
    if (this.#collecting !== null) this.#nodes.message(message)
  }

  /** Another process asks who is there. */
  answer(): void {
    this.#nodes.answer()
  }

  /** A process has come. `null`: the broker is back, and every copy has to be read again. */
  seen(node: string | null): void {
    if (this.#collecting !== null) this.#nodes.need(node)
  }

  /** The members of a process no longer count. */
  nodeGone(node: string): void {
    this.#nodes.forget(node)
    this.#answered()
  }

  end(): void {
    this.#isEnded = true
    this.#nodes.end()
    this.#own.end()
    this.#watches.end()
    this.#collectTimer?.cancel()
    this.#lingerTimer?.cancel()
    this.#collecting?.resolve()
  }

  /** Whether something here reads the members: a watch, or a list that waits. */
  get #isRead(): boolean {
    return this.#watches.size > 0 || this.#listing > 0
  }

  /** Begins to collect the members of other processes. */
  #begin(): void {
    this.#lingerTimer?.cancel()
    this.#lingerTimer = null
    if (this.#parts.isAlone || this.#collecting !== null) return
    this.#collecting = new Deferred()
    this.#nodes.begin()
    this.#collectTimer = this.#parts.timers.schedule(COLLECT_MS, () => this.#collected())
  }

  /** A process has answered, or has gone. */
  #answered(): void {
    if (this.#collecting !== null && this.#nodes.isComplete) this.#collected()
  }

  #collected(): void {
    if (this.#collecting?.resolve() !== true) return
    this.#collectTimer?.cancel()
    this.#watches.renew()
  }

  /** Keeps the copies of other processes for `lingerMs`: the next read then needs no message. */
  #letLinger(): void {
    if (this.#isRead || this.#isEnded) return
    if (this.#collecting === null) {
      this.#rest()
      return
    }
    this.#lingerTimer?.cancel()
    this.#lingerTimer = this.#parts.timers.schedule(this.#parts.lingerMs, () => {
      this.#collectTimer?.cancel()
      this.#collecting = null
      this.#nodes.stop()
      this.#rest()
    })
  }

  #ownChanged(key: string): void {
    this.#tell(this.#nodes.ownChanged(key))
    this.#rest()
  }

  #tell(change: MemberChange | null): void {
    if (change !== null) this.#watches.tell(change)
  }

  /** Drops a topic that has neither members nor readers. */
  #rest(): void {
    if (this.here > 0 || this.#isRead || this.#collecting !== null) return
    if (this.#nodes.isBusy) return
    this.#watches.end()
    this.#unused()
  }
}
