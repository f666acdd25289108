/**
 * The members of one topic that have a connection to this process. A connection that breaks off
 * counts for the grace.
 */

import { callSafely, isThenable, type WheelTimer } from '../../base/internal.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { WebSocketSession } from '../../session/index.ts'
import type { KeyClaim } from './held-key.ts'
import { MemberTable, type Said } from './member-table.ts'
import type { PresenceParts } from './presence-parts.ts'
import type { Seat } from './presence.ts'
import { onSessionEnd } from './session-ends.ts'

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

/** One connection. */
interface OwnSeat {
  readonly claim: KeyClaim | null
}

const KEY_TAKEN = new CloseReason(4103, 'Key taken')

/** The seats of one topic in this process. */
export class OwnSeats {
  /** Members by connections. */
  readonly table: MemberTable = new MemberTable()
  readonly #parts: Pick<PresenceParts, 'timers' | 'graceMs' | 'nodes' | 'failed'>
  readonly #changed: (key: string) => void
  /** Seats whose connection has broken off, by key. */
  readonly #gone = new Map<string, Map<OwnSeat, WheelTimer>>()

  /** @param changed is called when the member with `key` has joined, changed or left. */
  constructor(
    parts: Pick<PresenceParts, 'timers' | 'graceMs' | 'nodes' | 'failed'>,
    changed: (key: string) => void,
  ) {
    this.#parts = parts
    this.#changed = changed
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

  /** Ends the timers. */
  end(): void {
    for (const seats of this.#gone.values()) for (const timer of seats.values()) timer.cancel()
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
    if (this.table.sit(seat, key, said) !== null) this.#changed(key)
  }

  /** Idempotent. */
  #stand(seat: OwnSeat, key: string): void {
    seat.claim?.release()
    const seats = this.#gone.get(key)
    seats?.get(seat)?.cancel()
    seats?.delete(seat)
    if (seats?.size === 0) this.#gone.delete(key)
    if (this.table.stand(seat, key) !== null) this.#changed(key)
  }
}

/** Calls a function of the application, which may be async. */
function callLost(lost: () => unknown, failed: (error: unknown) => void): void {
  const returned = callSafely(lost, undefined, failed)
  if (isThenable(returned)) Promise.resolve(returned).catch(failed)
}
