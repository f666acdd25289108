/**
 * Typed events for whoever watches an application: metrics, tests, an inspector.
 */

import { isThenable } from '../base/internal.ts'
import type { Logger } from './logger.ts'
import { logFailure } from './logger.ts'

/** Events by name, each with what its listeners are given. */
export interface Monitor<Events extends object> {
  /**
   * Calls `listener` at each `event` from now on, at the moment it happens, after the listeners that were
   * there before. One that throws, or whose promise rejects, is reported to the logger and touches nothing
   * else. Without listeners an event costs nothing.
   *
   * @returns the registration; disposing of it ends the calls. Idempotent.
   *
   * @example
   * app.monitor.on('sessionOpened', ({ session }) => gauge.add(1, { protocol: session.protocol }))
   */
  on<Name extends keyof Events>(event: Name, listener: (facts: Events[Name]) => unknown): Disposable
}

/** The monitor of one application: the side that makes the events. */
export class EventMonitor<Events extends object> implements Monitor<Events> {
  readonly #logger: Logger
  // Each list is replaced, never changed, so that a listener may come or go during an event.
  readonly #listeners = new Map<keyof Events, ReadonlyArray<(facts: never) => unknown>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  on<Name extends keyof Events>(
    event: Name,
    listener: (facts: Events[Name]) => unknown,
  ): Disposable {
    if (typeof listener !== 'function') {
      throw new TypeError(`Cannot listen to "${String(event)}": the listener is no function`)
    }
    // A function of its own, so that one listener may be registered twice and removed once.
    const registered = (facts: Events[Name]): unknown => listener(facts)
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), registered])
    return {
      [Symbol.dispose]: () => this.#remove(event, registered),
    }
  }

  /** Whether anybody listens to `event`: asked before the facts are put together. */
  hears(event: keyof Events): boolean {
    return this.#listeners.has(event)
  }

  /** Tells the listeners of `event`, in the order in which they came. Never throws. */
  emit<Name extends keyof Events>(event: Name, facts: Events[Name]): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) return
    for (const listener of listeners) void this.#call(event, listener, facts)
  }

  /** As `emit`. Resolves when every promise of a listener has settled; never rejects. */
  async emitAndWait<Name extends keyof Events>(event: Name, facts: Events[Name]): Promise<void> {
    const listeners = this.#listeners.get(event) ?? []
    const results = listeners.map(async (listener) => this.#call(event, listener, facts))
    await Promise.all(results)
  }

  /** Calls one listener. Returns a promise that never rejects where the listener returned one. */
  #call<Name extends keyof Events>(
    event: Name,
    listener: (facts: never) => unknown,
    facts: Events[Name],
  ): Promise<void> | void {
    try {
      // `on` is the only way in, and it took the listener for this very event.
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

  #remove(event: keyof Events, registered: (facts: never) => unknown): void {
    const left = (this.#listeners.get(event) ?? []).filter((other) => other !== registered)
    if (left.length === 0) this.#listeners.delete(event)
    else this.#listeners.set(event, left)
  }

  #report(event: keyof Events, error: unknown): void {
    logFailure(this.#logger, error, 'Listener of the monitor failed', { event: String(event) })
  }
}
