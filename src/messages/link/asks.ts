/**
 * The requests of this side: those that wait, and those whose answers are awaited.
 */

import { Ask, type Question } from './ask.ts'
import type { LinkParts } from './parts.ts'

/** All requests of this side. */
export class Asks {
  readonly #link: LinkParts
  /** By id, from when it is sent until it is settled. */
  readonly #pending = new Map<number, Ask>()
  /** Past `maxRequests`, in the order of the calls. */
  readonly #waiting = new Set<Ask>()
  #underWay = 0
  #isStarting = false
  #lastId: number
  #end: { readonly cause: Error | null } | null = null

  constructor(link: LinkParts) {
    this.#link = link
    this.#lastId = link.settings.side === 'client' ? -1 : 0
  }

  /** Whether answers are awaited. */
  get areAwaited(): boolean {
    return this.#underWay > 0
  }

  /** Asks. The outcome is that of `ask.result`. */
  ask(question: Question): Ask {
    const ask = new Ask(this.#link, this, question)
    if (this.#end !== null) this.#refuse(ask, this.#end.cause)
    else if (question.signal?.aborted === true) ask.fail(question.signal.reason)
    else {
      ask.begin()
      if (this.#waiting.size === 0 && this.#hasRoom) this.#start(ask)
      else this.#waiting.add(ask)
    }
    return ask
  }

  /**
   * The request that has this id.
   *
   * @returns `null` if it is settled; `undefined` if there was never one.
   */
  find(id: number): Ask | null | undefined {
    return this.#pending.get(id) ?? (id <= this.#lastId ? null : undefined)
  }

  /** An id for `ask`: odd for a client, even for a server, growing. */
  nextId(ask: Ask): number {
    this.#lastId += 2
    this.#pending.set(this.#lastId, ask)
    return this.#lastId
  }

  /** `ask` is settled: it counts no more. */
  release(ask: Ask, wasStarted: boolean): void {
    this.#pending.delete(ask.id)
    this.#waiting.delete(ask)
    if (!wasStarted) return
    this.#underWay--
    this.#startNext()
  }

  /** No answer will come any more. */
  end(cause: Error | null): void {
    if (this.#end !== null) return
    this.#end = { cause }
    for (const ask of [...this.#waiting, ...this.#pending.values()]) ask.disconnected(cause)
  }

  #refuse(ask: Ask, cause: Error | null): void {
    const turn = this.#link.port.turn()
    if (turn === null) ask.disconnected(cause)
    else void turn.then(() => ask.disconnected(cause))
  }

  get #hasRoom(): boolean {
    return this.#underWay < this.#link.settings.maxRequests
  }

  #start(ask: Ask): void {
    this.#underWay++
    ask.start()
  }

  /**
   * A request that fails at its start gives its place back, and comes here again. Only the outer
   * call starts requests: each would otherwise take a few frames of the stack, and thousands may
   * wait.
   */
  #startNext(): void {
    if (this.#isStarting) return
    this.#isStarting = true
    try {
      for (const ask of this.#waiting) {
        if (!this.#hasRoom) return
        this.#waiting.delete(ask)
        this.#start(ask)
      }
    } finally {
      this.#isStarting = false
    }
  }
}
