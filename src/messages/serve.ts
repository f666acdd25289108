/**
 * `serve`: hands what arrives to handlers, events one at a time and requests concurrently.
 */

import { Deferred } from '../base/internal.ts'
import { SENT, toCause } from '../channels/internal.ts'
import type { ClientSession } from '../client/index.ts'
import { isPromise } from '../schema/index.ts'
import { Served } from './link/served.ts'
import { ArrivedEvent } from './link/arrivals.ts'
import type { Link } from './link/link.ts'
import type { LinkSettings } from './link/port.ts'

/** A handler, whatever it handles. */
type Handler = (data: unknown, asked?: Served) => unknown

/** What is served: a link, or a connection with one link after another. */
export interface Servable extends Pick<Link, 'incoming' | 'isExpecting' | 'onAsked'> {
  readonly settings: Omit<LinkSettings, 'codec'>
}

/** Events that wait for the handler of an earlier one. Past it nothing more is taken. */
const MAX_WAITING_EVENTS = 64

/**
 * The handlers by name, which may be methods of a class.
 *
 * @throws {TypeError} if one is missing, or there is no entry for it.
 */
export function readHandlers(link: Servable, handlers: object): ReadonlyMap<string, Handler> {
  const { contract, side } = link.settings
  const entries = contract?.[side === 'client' ? 'server' : 'client']
  const own = Object.keys(handlers)
  const names = entries === undefined ? own : [...entries.keys()]
  const byName = new Map<string, Handler>()
  for (const name of names) {
    // No member that every object has is a handler.
    const isInherited = name in Object.prototype && !Object.hasOwn(handlers, name)
    const handler: unknown = isInherited ? undefined : Reflect.get(handlers, name)
    if (typeof handler !== 'function') {
      throw new TypeError(`Cannot serve: there is no handler for "${name}", expected a function`)
    }
    byName.set(name, handler.bind(handlers) as Handler) // what it takes, the compiler has checked
  }
  const extra = own.find((name) => {
    return !byName.has(name) && typeof Reflect.get(handlers, name) === 'function'
  })
  if (extra === undefined) return byName
  throw new TypeError(
    `Cannot serve: there is a handler for "${extra}", expected one of ${names.join(', ')}`,
  )
}

/** Serves `incoming` of a link until its end. */
export class Server {
  readonly #link: Servable
  readonly #handlers: ReadonlyMap<string, Handler>
  readonly #events: ArrivedEvent[] = []
  /** Of the events that were taken past `MAX_WAITING_EVENTS`. */
  #aheadBytes = 0
  #isBusy = false
  /** Requests under way, and the event. */
  #underWay = 0
  /** Waits for room among the events, or for the last handler. */
  #progress: Deferred<void> | null = null

  constructor(link: Servable, handlers: ReadonlyMap<string, Handler>) {
    this.#link = link
    this.#handlers = handlers
  }

  /** Runs as a task of `session`, which a failure of a handler then ends. Otherwise as `run`. */
  runIn(session: Pick<ClientSession, 'signal' | 'launch'>): Promise<void> {
    // Nothing is launched in a session that is over; what it has received is served all the same.
    return session.signal.aborted ? this.run() : session.launch(() => this.run())
  }

  /**
   * Resolves when the session has ended and all handlers are done.
   *
   * @throws (by rejecting) what the handler of an event has thrown, and the cause of a session that
   *   has failed.
   */
  async run(): Promise<void> {
    const { incoming } = this.#link
    this.#link.onAsked = () => this.#progressed()
    for (;;) {
      let next = incoming.tryReceive()
      if (next.type === 'empty') next = await incoming.receiveCatching()
      if (next.type === 'closed') {
        if (next.cause !== null) throw next.cause
        break
      }
      if (next.value instanceof Served) this.#answer(next.value)
      else this.#push(next.value)
      this.#handleEvents()
      while (this.#isFull && !incoming.isClosedForReceive) await this.#nextProgress()
    }
    while (this.#underWay > 0 || this.#events.length > 0) await this.#nextProgress()
    const end = incoming.tryReceive()
    if (end.type === 'closed' && end.cause !== null) throw end.cause
  }

  /**
   * Whether nothing more is taken for now. While the handler of an event waits for the peer, the
   * peer may wait for one of its requests, which lies behind other events.
   */
  get #isFull(): boolean {
    if (this.#events.length < MAX_WAITING_EVENTS) return false
    return !this.#link.isExpecting || this.#aheadBytes >= this.#link.settings.readAhead
  }

  #push(event: ArrivedEvent): void {
    this.#events.push(event)
    if (this.#events.length > MAX_WAITING_EVENTS) this.#aheadBytes += ArrivedEvent.sizeOf(event)
    else this.#aheadBytes = 0
  }

  #handleEvents(): void {
    while (!this.#isBusy) {
      const event = this.#events.shift()
      if (event === undefined) return
      try {
        const outcome = this.#handlers.get(event.type)?.(event.data)
        if (isPromise(outcome)) this.#awaitEvent(outcome)
      } catch (error) {
        this.#eventFailed(error)
      }
    }
  }

  #awaitEvent(outcome: PromiseLike<unknown>): void {
    this.#isBusy = true
    this.#underWay++
    outcome.then(
      () => this.#eventDone(),
      (error: unknown) => {
        this.#eventFailed(error)
        this.#eventDone()
      },
    )
  }

  #eventDone(): void {
    this.#isBusy = false
    this.#underWay--
    this.#handleEvents()
    this.#progressed()
  }

  /** `run` throws it, from `incoming`; events that wait are dropped. */
  #eventFailed(error: unknown): void {
    this.#events.length = 0
    this.#failure ??=
      toCause(error) ?? new TypeError('Cannot tell why a handler failed: it threw nothing')
    this.#link.incoming.cancel(this.#failure)
  }

  #failure: Error | null = null

  #answer(served: Served): void {
    if (!served.isOpen) {
      void served.release()
      return
    }
    const handler = this.#handlers.get(served.type)
    if (handler === undefined) {
      served.refuse('UNKNOWN')
      return
    }
    let answered
    try {
      const { watch } = served
      const outcome = watch
        ? watch.run(() => handler(served.data, served))
        : handler(served.data, served)
      answered = isPromise(outcome)
        ? Promise.resolve(outcome).then(
            (response) => served.answer(response),
            (error: unknown) => served.failed(error),
          )
        : served.answer(outcome)
    } catch (error) {
      answered = served.failed(error)
    }
    // Most handlers answer at once, and the answer goes out at once.
    if (answered === SENT) return
    this.#underWay++
    void answered.then(() => {
      this.#underWay--
      this.#progressed()
    })
  }

  #nextProgress(): Promise<void> {
    this.#progress ??= new Deferred()
    return this.#progress.promise
  }

  #progressed(): void {
    this.#progress?.resolve()
    this.#progress = null
  }
}
