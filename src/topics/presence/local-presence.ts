/**
 * The presence of topics in this process.
 */

import type { TimerWheel, WheelTimer } from '../../base/internal.ts'
import { CloseReason } from '../../protocol/index.ts'
import { validateWith } from '../../schema/index.ts'
import type { WebSocketSession } from '../../session/index.ts'
import { PublishRefusedError } from '../errors.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import { type MemberChange, MemberTable } from './member-table.ts'
import type { Presence, PresenceChange, PresenceList, Seat } from './presence.ts'
import { PresenceWatch } from './presence-watch.ts'

/** What presences share. */
export interface PresenceParts {
  readonly timers: TimerWheel
  readonly graceMs: number
  readonly maxMetaBytes: number
  /** Whether no other process can be on the broker. */
  readonly isAlone: boolean
}

const COUNT_EVERY_MS = 1000
const MAX_KEY_BYTES = 255
const UTF8 = new TextEncoder()

/** The presences of one process, by the names of their topics. */
export class LocalPresences {
  readonly #parts: PresenceParts
  /** Those with members or watches. */
  readonly #used = new Map<string, TopicMembers>()

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /** The presence of a topic. Having one costs nothing. @throws {TypeError} when the kind has none. */
  presenceOf(name: string, kind: AnyTopicKind): Presence {
    const { presence } = kind
    if (presence === null) {
      throw new TypeError(
        `Cannot use the presence of "${name}": its kind has none, expected option "presence"`,
      )
    }
    const used = (): TopicMembers => this.#use(name, presence.listed)
    const peek = (): TopicMembers | undefined => this.#used.get(name)
    const list = (): PresenceList => ({
      members: peek()?.table.list(presence.listed) ?? [],
      count: peek()?.table.size ?? 0,
      complete: this.#parts.isAlone,
    })
    return {
      join: async (session, key, meta) => {
        checkKey(name, key)
        const valid = await this.#checkMeta(name, kind, meta)
        return used().join(session, key, valid, (next) => this.#checkMetaNow(name, next))
      },
      list: () => Promise.resolve(list()),
      count: () => Promise.resolve(list().count),
      changes: ({ mode = 'full', signal } = {}) => used().watch(signal ?? null, mode === 'count'),
    }
  }

  /** Ends all watches and timers. */
  end(): void {
    for (const members of this.#used.values()) members.end()
    this.#used.clear()
  }

  #use(name: string, listed: number): TopicMembers {
    let members = this.#used.get(name)
    if (members === undefined) {
      members = new TopicMembers(this.#parts, listed, () => this.#used.delete(name))
      this.#used.set(name, members)
    }
    return members
  }

  async #checkMeta(name: string, kind: AnyTopicKind, meta: unknown): Promise<unknown> {
    const schema = kind.presence?.meta ?? null
    const validated = schema === null ? null : await validateWith(schema, meta)
    if (validated !== null && validated.issues !== null) {
      throw new PublishRefusedError(name, 'schema')
    }
    const valid = validated === null ? meta : validated.value
    this.#checkMetaNow(name, valid)
    return valid
  }

  #checkMetaNow(name: string, meta: unknown): void {
    const json: unknown = JSON.stringify(meta)
    if (typeof json !== 'string') throw new PublishRefusedError(name, 'schema')
    if (UTF8.encode(json).length > this.#parts.maxMetaBytes) {
      throw new PublishRefusedError(name, 'size')
    }
  }
}

/** The members of one topic, and those who watch them. */
class TopicMembers {
  readonly table = new MemberTable()
  readonly #parts: PresenceParts
  readonly #listed: number
  readonly #unused: () => void
  readonly #watches = new Set<PresenceWatch>()
  /** Seats whose connection has broken off, by key. */
  readonly #gone = new Map<string, Map<object, WheelTimer>>()
  #countTimer: WheelTimer | null = null

  constructor(parts: PresenceParts, listed: number, unused: () => void) {
    this.#parts = parts
    this.#listed = listed
    this.#unused = unused
  }

  join(
    session: WebSocketSession,
    key: string,
    meta: unknown,
    check: (meta: unknown) => void,
  ): Seat<unknown> {
    const seat = {}
    let isLeft = false
    this.#tell(this.table.sit(seat, key, meta))
    // Whoever returns takes the place of the connection that broke off.
    for (const old of this.#gone.get(key)?.keys() ?? []) this.#stand(old, key)
    const leave = (): void => {
      if (isLeft) return
      isLeft = true
      this.#stand(seat, key)
    }
    void session.closeReason.then(({ code }) => {
      if (isLeft) return
      isLeft = true
      if (code === CloseReason.Codes.NORMAL) this.#stand(seat, key)
      else this.#await(seat, key)
    })
    return {
      key,
      update: (next) => {
        check(next)
        if (!isLeft) this.#tell(this.table.sit(seat, key, next))
      },
      leave,
      [Symbol.asyncDispose]: () => {
        leave()
        return Promise.resolve()
      },
    }
  }

  watch(signal: AbortSignal | null, isCounting: boolean): PresenceWatch {
    const watch = new PresenceWatch(
      {
        isReady: () => true,
        members: (counting) => this.#members(counting),
        left: (each) => {
          this.#watches.delete(each)
          this.#rest()
        },
      },
      signal,
      isCounting,
    )
    this.#watches.add(watch)
    return watch
  }

  end(): void {
    this.#countTimer?.cancel()
    for (const seats of this.#gone.values()) for (const timer of seats.values()) timer.cancel()
    for (const watch of this.#watches) watch.end()
  }

  /** The seat counts for some time more. */
  #await(seat: object, key: string): void {
    const seats = this.#gone.get(key) ?? new Map<object, WheelTimer>()
    this.#gone.set(key, seats)
    const { timers, graceMs } = this.#parts
    seats.set(
      seat,
      timers.schedule(graceMs, () => this.#stand(seat, key)),
    )
  }

  #stand(seat: object, key: string): void {
    const seats = this.#gone.get(key)
    seats?.get(seat)?.cancel()
    seats?.delete(seat)
    if (seats?.size === 0) this.#gone.delete(key)
    this.#tell(this.table.stand(seat, key))
    this.#rest()
  }

  #members(isCounting: boolean): PresenceChange {
    if (isCounting) return { type: 'count', count: this.table.size }
    return { type: 'members', members: this.table.list(this.#listed), count: this.table.size }
  }

  #tell(change: MemberChange | null): void {
    if (change === null) return
    const { size } = this.table
    if (size > this.#listed) return this.#tellCount()
    // Few enough to be listed one by one again.
    const isRenewed = size === this.#listed && change.type === 'left'
    for (const watch of this.#watches) {
      if (watch.isCounting) this.#tellCount()
      else if (isRenewed) watch.renew()
      else watch.push(change)
    }
  }

  /** At most once a second. */
  #tellCount(): void {
    this.#countTimer ??= this.#parts.timers.schedule(COUNT_EVERY_MS, () => {
      this.#countTimer = null
      const count = this.table.size
      for (const watch of this.#watches) {
        if (watch.isCounting || count > this.#listed) watch.push({ type: 'count', count })
      }
    })
  }

  /** Nothing is kept of a topic without members and watches. */
  #rest(): void {
    if (this.table.size > 0 || this.#watches.size > 0) return
    this.#countTimer?.cancel()
    this.#unused()
  }
}

function checkKey(name: string, key: string): void {
  const isText = typeof key === 'string' && key !== '' && UTF8.encode(key).length <= MAX_KEY_BYTES
  if (isText) return
  throw new TypeError(
    `Cannot join "${name}": the key is invalid, expected 1 to ${MAX_KEY_BYTES} bytes of UTF-8`,
  )
}
