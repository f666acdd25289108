/**
 * The requests of the peer: which ids have been used, and which requests have no answer yet.
 */

import type { Issue } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import type { Envelope } from './envelope.ts'
import type { LinkParts } from './parts.ts'
import { Served } from './served.ts'

/** All requests of the peer that have no answer yet. */
export class Answers {
  readonly link: LinkParts
  readonly #open = new Map<number, Served>()
  /** Requests whose handlers are at work, those that have been cancelled included. */
  #underWay = 0
  #lastId: number

  constructor(link: LinkParts) {
    this.link = link
    this.#lastId = link.settings.side === 'client' ? 0 : -1
  }

  /** Whether the peer may send what open requests wait for. */
  get areOpen(): boolean {
    return this.#underWay > 0
  }

  /**
   * Whether `id` is a new one of the peer: of its parity, and greater than all before. It is then
   * used.
   */
  take(id: number): boolean {
    if (id <= this.#lastId || (id - this.#lastId) % 2 !== 0) return false
    this.#lastId = id
    return true
  }

  /**
   * The request that has this id.
   *
   * @returns `null` if it has been answered; `undefined` if there was never one.
   */
  find(id: number): Served | null | undefined {
    return this.#open.get(id) ?? (id <= this.#lastId ? null : undefined)
  }

  /**
   * A request begins. @returns `null` if there are too many: it has then been answered with `BUSY`.
   */
  begin(id: number, entry: CompiledEntry | null, asked: Envelope): Served | null {
    if (this.#underWay >= this.link.settings.maxRequests) {
      this.refuse(id, 'BUSY')
      return null
    }
    this.#underWay++
    const served = new Served(this, id, entry, asked)
    this.#open.set(id, served)
    return served
  }

  /** Answers with a built-in failure. */
  refuse(id: number, code: string, issues?: readonly Issue[]): void {
    const message = { type: '.error', id, code }
    void this.link.outbox.post(issues === undefined ? message : { ...message, issues })
  }

  /** Nothing more is taken for the request, and nothing sent. */
  closed(id: number): void {
    this.#open.delete(id)
  }

  /** The handler of a request is done, and its answer is in the queue of the session. */
  released(): void {
    this.#underWay--
  }

  /** The session is over. */
  end(): void {
    for (const served of this.#open.values()) served.cancel('the session is over')
  }
}
