/**
 * Typed events for observers of an application: metrics, tests, an inspector.
 */

import { isThenable, requireFunction } from '../base/internal.ts'
import type { Logger } from './logger.ts'
import { logFailure } from './logger.ts'

/** Events by name, each with the facts that its listeners receive. */
export interface Monitor<Events extends object> {
  /**
   * Calls `listener` at each `event`, synchronously and after the listeners that were added
   * earlier. If a listener throws or its promise rejects, the error is logged and has no other
   * effect. An event without listeners costs nothing.
   *
   * @returns the registration. Disposing of it removes the listener; idempotent.
   *
   * @example
   * app.monitor.on('sessionOpened', ({ session }) => gauge.add(1, { protocol: session.protocol }))
   */
  on<Name extends keyof Events>(event: Name, listener: (facts: Events[Name]) => unknown): Disposable
}

/** Publishes events outside of the application while there is a subscriber. */
export interface EventPublisher<Events extends object> {
  hasSubscribers(event: keyof Events): boolean
  /** Called for events with subscribers only. Must not throw. */
  publish<Name extends keyof Events>(event: Name, facts: Events[Name]): void
}

/** The monitor of one application, with the methods that emit events. */
export class EventMonitor<Events extends object> implements Monitor<Events> {
  readonly #logger: Logger
  readonly #listeners = new Map<keyof Events, ListenerSet>()

  /** `null`: the engine publishes nothing. */
  #publisher: EventPublisher<Events> | null = null

  constructor(logger: Logger) {
    this.#logger = logger
  }

  on<Name extends keyof Events>(
    event: Name,
    listener: (facts: Events[Name]) => unknown,
  ): Disposable {
    requireFunction(`listen to "${String(event)}"`, 'the listener', listener)
    // A new function, so that one listener can be registered twice and removed once.
    const registered = (facts: Events[Name]): unknown => listener(facts)
    let listeners = this.#listeners.get(event)
    if (listeners === undefined) {
      listeners = new ListenerSet()
      this.#listeners.set(event, listeners)
    }
    listeners.add(registered)
    return {
      [Symbol.dispose]: () => this.#remove(event, registered),
    }
  }

  /** Publishes all events from now on, beside the calls of listeners. */
  publishTo(publisher: EventPublisher<Events>): void {
    this.#publisher = publisher
  }

  /** Whether `event` has listeners or subscribers. Callers ask before they collect the facts. */
  hasListeners(event: keyof Events): boolean {
    return this.#listeners.has(event) || this.#publisher?.hasSubscribers(event) === true
  }

  /** Calls the listeners of `event` in the order in which they were added. Never throws. */
  emit<Name extends keyof Events>(event: Name, facts: Events[Name]): void {
    this.#publish(event, facts)
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) return
    for (const listener of listeners.list) void this.#call(event, listener, facts)
  }

  /** Like `emit`. Resolves when every promise of a listener has settled; never rejects. */
  async emitAndWait<Name extends keyof Events>(event: Name, facts: Events[Name]): Promise<void> {
    this.#publish(event, facts)
    const listeners = this.#listeners.get(event)?.list ?? []
    const results = listeners.map(async (listener) => this.#call(event, listener, facts))
    await Promise.all(results)
  }

  #publish<Name extends keyof Events>(event: Name, facts: Events[Name]): void {
    if (this.#publisher?.hasSubscribers(event) === true) this.#publisher.publish(event, facts)
  }

  /** Calls one listener. If the listener returns a promise, returns one that never rejects. */
  #call<Name extends keyof Events>(
    event: Name,
    listener: AnyListener,
    facts: Events[Name],
  ): Promise<void> | void {
    try {
      // `on` stores each listener under its own event, so the facts have the right type.
      const result = (listener as (facts: Events[Name]) => unknown)(facts)
      if (!isThenable(result)) return
      return Promise.resolve(result).then(
        () => {},
        (error: unknown) => this.#report(event, error),
      )
    } catch (error) {
      this.#report(event, error)
    }
  }

  #remove(event: keyof Events, registered: AnyListener): void {
    const listeners = this.#listeners.get(event)
    listeners?.delete(registered)
    if (listeners?.isEmpty === true) this.#listeners.delete(event)
  }

  #report(event: keyof Events, error: unknown): void {
    logFailure(this.#logger, error, 'Listener of the monitor failed', { event: String(event) })
  }
}

type AnyListener = (facts: never) => unknown

/** The listeners of one event. To add or remove one takes the same time however many there are. */
class ListenerSet {
  readonly #members = new Set<AnyListener>()
  /** Made at the first event after a change. `null`: there was no event since. */
  #list: readonly AnyListener[] | null = null

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** A list that never changes, because listeners may be added or removed during an event. */
  get list(): readonly AnyListener[] {
    this.#list ??= [...this.#members]
    return this.#list
  }

  add(listener: AnyListener): void {
    this.#members.add(listener)
    this.#list = null
  }

  delete(listener: AnyListener): void {
    this.#members.delete(listener)
    this.#list = null
  }
}
