/**
 * The members of one topic: those of this process, those of others, and the loops that watch them.
 */

import { callSafely, Deferred, isThenable, type WheelTimer } from '../../base/internal.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { WebSocketSession } from '../../session/index.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { KeyClaim } from './key-claims.ts'
import { type MemberChange, MemberTable, type Said } from './member-table.ts'
import { NodeMembers } from './node-members.ts'
import type { PresenceMessage } from './presence-messages.ts'
import type { PresenceParts } from './presence-parts.ts'
import type { Presence, PresenceChange, PresenceList, Seat } from './presence.ts'
import { PresenceWatch } from './presence-watch.ts'
import { onSessionEnd } from './session-ends.ts'

const COUNT_EVERY_MS = 1000
/** How long other processes may take to say who is there. */
const COLLECT_MS = 1000

/** A session that becomes a member. */
export interface Joining {
  readonly session: WebSocketSession
  readonly key: string
  readonly meta: unknown
  /** Throws for a meta that is invalid. */
  readonly check: (meta: unknown) => void
  /** `null`: the key is not reserved. */
  readonly claim: KeyClaim | null
  /** Called if another holder has got the key. */
  readonly lost: (() => void) | undefined
}

/** A connection among the members. */
interface OwnSeat {
  readonly claim: KeyClaim | null
}

const KEY_TAKEN = new CloseReason(4103, 'Key taken')

/** One topic. */
export class TopicMembers {
  readonly kind: AnyTopicKind
  readonly #parts: PresenceParts
  readonly #listed: number
  readonly #unused: () => void
  /** Members by the processes that have them. */
  readonly #all = new MemberTable()
  /** Members by the connections of this process. */
  readonly #own = new MemberTable()
  readonly #nodes: NodeMembers
  readonly #watches = new Set<PresenceWatch>()
  /** Seats whose connection has broken off, by key. */
  readonly #gone = new Map<string, Map<OwnSeat, WheelTimer>>()
  /** Whether there were more members than are listed, at the last count or since. */
  #isAbove = false
  #countTimer: WheelTimer | null = null
  /**
   * Set while the members of other processes are needed. Settles when all have answered, or after
   * `COLLECT_MS`.
   */
  #collecting: Deferred<void> | null = null
  #collectTimer: WheelTimer | null = null
  #lingerTimer: WheelTimer | null = null

  constructor(name: string, kind: AnyTopicKind, parts: PresenceParts, unused: () => void) {
    this.kind = kind
    this.#parts = parts
    this.#listed = kind.presence?.listed ?? 0
    this.#unused = unused
    this.#nodes = new NodeMembers(name, parts, {
      all: this.#all,
      own: this.#own,
      changed: (change) => this.#tell(change),
      answered: () => this.#answered(),
      idle: () => this.#rest(),
    })
  }

  join({ session, key, meta, check, claim, lost }: Joining): Seat<unknown> {
    const seat: OwnSeat = { claim }
    let isLeft = false
    this.#sit(seat, key, meta)
    // A new seat replaces the seats of the key whose connections have broken off.
    for (const old of this.#gone.get(key)?.keys() ?? []) this.#stand(old, key)
    const forget = onSessionEnd(session, (code) => {
      isLeft = true
      if (code === CloseReason.Codes.NORMAL) this.#stand(seat, key)
      else this.#await(seat, key)
    })
    const leave = (): void => {
      if (isLeft) return
      isLeft = true
      forget()
      this.#stand(seat, key)
    }
    claim?.onLost(() => {
      const wasLeft = isLeft
      leave()
      // A seat whose connection has broken off counts for the grace no longer.
      this.#stand(seat, key)
      if (wasLeft) return
      if (lost === undefined) void session.close(KEY_TAKEN)
      else callLost(lost, (error) => this.#parts.failed(error, session))
    })
    return {
      key,
      update: (next) => {
        check(next)
        if (!isLeft) this.#sit(seat, key, next)
      },
      leave,
      [Symbol.asyncDispose]: () => {
        leave()
        return Promise.resolve()
      },
    }
  }

  /** The members, when the other processes have answered or had time to. */
  async list(): Promise<PresenceList> {
    this.#begin()
    await this.#collecting?.promise
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
    const source = {
      isReady: () => this.#collecting?.isSettled !== false,
      members: (counting: boolean): PresenceChange => this.#members(counting),
      left: (each: PresenceWatch): void => {
        this.#watches.delete(each)
        this.#letLinger()
      },
    }
    const watch = new PresenceWatch(source, signal, isCounting)
    this.#watches.add(watch)
    return watch
  }

  /** How many members have a connection to this process. */
  get here(): number {
    return this.#own.size
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
    this.#nodes.end()
    for (const timer of [this.#countTimer, this.#collectTimer, this.#lingerTimer]) timer?.cancel()
    this.#collecting?.resolve()
    for (const seats of this.#gone.values()) for (const timer of seats.values()) timer.cancel()
    for (const watch of this.#watches) watch.end()
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
    for (const watch of this.#watches) watch.renew()
  }

  /** Keeps the copies of other processes for `lingerMs`: the next read then needs no message. */
  #letLinger(): void {
    if (this.#watches.size > 0) return
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

  /** The seat counts for the grace. */
  #await(seat: OwnSeat, key: string): void {
    const seats = this.#gone.get(key) ?? new Map<OwnSeat, WheelTimer>()
    this.#gone.set(key, seats)
    const { timers, graceMs } = this.#parts
    const timer = timers.schedule(graceMs, () => this.#stand(seat, key))
    seats.set(seat, timer)
  }

  #sit(seat: OwnSeat, key: string, meta: unknown): void {
    const { nodes } = this.#parts
    const said: Said = { meta, stamp: nodes.nextStamp(), by: nodes.id }
    if (this.#own.sit(seat, key, said) !== null) this.#tell(this.#nodes.ownChanged(key))
  }

  #stand(seat: OwnSeat, key: string): void {
    seat.claim?.release()
    const seats = this.#gone.get(key)
    seats?.get(seat)?.cancel()
    seats?.delete(seat)
    if (seats?.size === 0) this.#gone.delete(key)
    if (this.#own.stand(seat, key) !== null) this.#tell(this.#nodes.ownChanged(key))
    this.#rest()
  }

  #members(isCounting: boolean): PresenceChange {
    const count = this.#all.size
    if (isCounting) return { type: 'count', count }
    return { type: 'members', members: this.#all.list(this.#listed), count }
  }

  #tell(change: MemberChange | null): void {
    if (change === null) return
    if (this.#all.size > this.#listed) this.#isAbove = true
    for (const watch of this.#watches) {
      if (watch.isCounting || this.#isAbove) this.#tellCount()
      else watch.push(change)
    }
  }

  /**
   * Sends counts, at most once per second. When there are few enough members again, the list comes
   * with that timer too: a client that joins and leaves could otherwise cause a list each time.
   */
  #tellCount(): void {
    this.#countTimer ??= this.#parts.timers.schedule(COUNT_EVERY_MS, () => {
      this.#countTimer = null
      const count = this.#all.size
      const isListed = this.#isAbove && count <= this.#listed
      if (isListed) this.#isAbove = false
      for (const watch of this.#watches) {
        if (watch.isCounting || this.#isAbove) watch.push({ type: 'count', count })
        else if (isListed) watch.renew()
      }
    })
  }

  /** Drops a topic that has neither members nor watches. */
  #rest(): void {
    if (this.#own.size > 0 || this.#watches.size > 0 || this.#collecting !== null) return
    if (this.#nodes.isBusy) return
    this.#countTimer?.cancel()
    this.#unused()
  }
}

/** Calls a function of the application, which may be async. */
function callLost(lost: () => unknown, failed: (error: unknown) => void): void {
  const returned = callSafely(lost, undefined, failed)
  if (isThenable(returned)) Promise.resolve(returned).catch(failed)
}
