/**
 * Presence in a client: the members of topics, and the client's own seats, over as many connections
 * as that takes.
 */

import { Deferred } from '../../base/internal.ts'
import { SubscriptionRefusedError } from '../errors.ts'
import type { PresenceChange, PresenceMode } from '../presence/presence.ts'
import type { PresenceWatch } from '../presence/presence-watch.ts'
import type { ClientConnection } from './client-connection.ts'
import { ClientMembers } from './client-members.ts'
import type { ClientPresence, ClientSeat } from './live-topics.ts'

/** A message of the server about presence. */
export type PresenceMessage =
  | (PresenceChange & { readonly topic: string })
  | {
      readonly type: 'done'
      readonly id: number
      readonly topic: string
      readonly key?: string | null
    }

/** The client's own seat in one topic. */
interface Joined {
  meta: unknown
  /** What the server has accepted on this session; `null` before it has. */
  accepted: { readonly meta: unknown } | null
  answer: Deferred<string>
  readonly ended: Deferred<Error | null>
}

interface Asked {
  readonly topic: string
  /** What `join` said; absent in a request to watch. */
  readonly said?: { readonly meta: unknown }
}

/** The presences of all topics of one client. */
export class ClientPresences {
  /** A function: the connection is made after its parts. */
  readonly #connection: () => ClientConnection
  readonly #known = new Map<string, ClientMembers>()
  readonly #joined = new Map<string, Joined>()
  /** Requests that are not answered. */
  readonly #asked = new Map<number, Asked>()

  constructor(connection: () => ClientConnection) {
    this.#connection = connection
  }

  presenceOf(topic: string): ClientPresence {
    return {
      changes: ({ mode = 'full', signal } = {}) => this.#watch(topic, mode, signal ?? null),
      join: (meta) => this.#join(topic, meta),
    }
  }

  /** There is a new session: asks for everything again. */
  opened(): void {
    this.#asked.clear()
    for (const [topic, { mode }] of this.#known) this.#askToWatch(topic, mode)
    for (const [topic, joined] of this.#joined) {
      joined.accepted = null
      this.#askToJoin(topic, joined.meta)
    }
  }

  receive(message: PresenceMessage): void {
    if (message.type === 'done') {
      const asked = this.#asked.get(message.id)
      this.#asked.delete(message.id)
      const joined = this.#joined.get(message.topic)
      if (!asked?.said || joined === undefined) return
      joined.accepted = asked.said
      joined.answer.resolve(message.key ?? '')
      return
    }
    const { topic, ...change } = message
    this.#known.get(topic)?.apply(change)
  }

  /** @returns whether the refused request was one about presence. */
  refused(
    id: number,
    retryAfter: number | null,
    error: (topic: string) => SubscriptionRefusedError,
  ): boolean {
    const asked = this.#asked.get(id)
    if (asked === undefined) return false
    this.#asked.delete(id)
    const { topic, said } = asked
    if (retryAfter !== null) this.#connection().later(retryAfter, () => this.#askAgain(asked))
    else if (said) this.#endJoin(topic, error(topic), true)
    else this.#endWatches(topic, error(topic))
    return true
  }

  /** A permission has ended. */
  denied(topic: string, error: SubscriptionRefusedError): void {
    this.#endWatches(topic, error)
    this.#endJoin(topic, error)
  }

  /** The client is closed. */
  end(error: Error | null): void {
    for (const topic of this.#known.keys()) this.#endWatches(topic, error)
    for (const topic of this.#joined.keys()) {
      this.#endJoin(topic, error ?? new SubscriptionRefusedError(topic, 'closed'))
    }
  }

  #watch(topic: string, mode: PresenceMode, signal: AbortSignal | null): PresenceWatch {
    const isNew = !this.#known.has(topic)
    const known = this.#known.get(topic) ?? this.#know(topic, mode)
    const watch = known.watch(mode, signal)
    if (this.#connection().end !== null) {
      watch.end()
      return watch
    }
    const isMore = mode === 'full' && known.mode === 'count'
    if (isMore) known.askForAll()
    if (isNew || isMore) this.#askToWatch(topic, known.mode)
    return watch
  }

  #know(topic: string, mode: PresenceMode): ClientMembers {
    const known: ClientMembers = new ClientMembers(mode, () => {
      // The server may have ended the watch, and another one may have begun since.
      if (this.#known.get(topic) !== known) return
      this.#known.delete(topic)
      this.#connection().request({ type: 'presence', topic, mode: 'off' })
    })
    this.#known.set(topic, known)
    return known
  }

  async #join(topic: string, meta: unknown): Promise<ClientSeat> {
    const joined = this.#say(topic, meta)
    const key = await joined.answer.promise
    const { ended } = joined
    const leave = (): void => {
      if (!ended.resolve(null)) return
      this.#joined.delete(topic)
      this.#connection().request({ type: 'leave', topic })
    }
    return {
      key,
      ended: ended.promise,
      update: async (next) => {
        if (!ended.isSettled) await this.#say(topic, next).answer.promise
      },
      leave,
      [Symbol.asyncDispose]: () => Promise.resolve(leave()),
    }
  }

  /** Joins, or joins again with another meta. `answer` resolves with the key. */
  #say(topic: string, meta: unknown): Joined {
    if (this.#connection().end !== null) throw new SubscriptionRefusedError(topic, 'closed')
    const joined: Joined = this.#joined.get(topic) ?? {
      meta,
      accepted: null,
      answer: new Deferred(),
      ended: new Deferred(),
    }
    joined.meta = meta
    if (joined.answer.isSettled) joined.answer = new Deferred<string>()
    this.#joined.set(topic, joined)
    this.#askToJoin(topic, meta)
    return joined
  }

  #askAgain({ topic, said }: Asked): void {
    const known = this.#known.get(topic)
    const joined = this.#joined.get(topic)
    if (said && joined !== undefined) this.#askToJoin(topic, joined.meta)
    if (!said && known !== undefined) this.#askToWatch(topic, known.mode)
  }

  #askToWatch(topic: string, mode: PresenceMode): void {
    const id = this.#connection().request({ type: 'presence', topic, mode })
    if (id !== null) this.#asked.set(id, { topic })
  }

  #askToJoin(topic: string, meta: unknown): void {
    const id = this.#connection().request({
      type: 'join',
      topic,
      ...(meta === undefined ? {} : { meta }),
    })
    if (id !== null) this.#asked.set(id, { topic, said: { meta } })
  }

  #endWatches(topic: string, error: Error | null): void {
    const known = this.#known.get(topic)
    if (known === undefined) return
    // The server has ended the watch: there is nothing to send.
    this.#known.delete(topic)
    known.end(error)
  }

  /** @param isUpdate a refused update changes nothing: the server keeps the seat. */
  #endJoin(topic: string, error: Error, isUpdate = false): void {
    const joined = this.#joined.get(topic)
    if (!joined) return
    const { accepted, answer, ended } = joined
    answer.promise.catch(() => {
      // No call waits for the answer if the seat was taken on an earlier session.
    })
    answer.reject(error)
    if (isUpdate && accepted) {
      joined.meta = accepted.meta
      return
    }
    this.#joined.delete(topic)
    ended.resolve(error)
  }
}
