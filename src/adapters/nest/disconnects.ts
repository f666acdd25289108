/**
 * The calls of `handleDisconnect` that are running. Nest does not wait for them.
 */

import { asError } from '../../base/internal.ts'

type HandleDisconnect = (...args: unknown[]) => unknown

/** What Nest's container is, as far as gateways are found in it. */
interface NestContainer {
  getModules(): ReadonlyMap<
    unknown,
    { readonly providers: ReadonlyMap<unknown, { readonly instance?: unknown }> }
  >
}

/** Wraps `handleDisconnect` of gateways, and waits for its promises. */
export class Disconnects {
  readonly #running = new Set<Promise<void>>()
  readonly #wrapped = new WeakSet<object>()
  readonly #failed: (error: Error) => void

  /** @param failed called with what `handleDisconnect` throws, which Nest would leave unhandled. */
  constructor(failed: (error: Error) => void) {
    this.#failed = failed
  }

  /**
   * Wraps the gateways of `app` that are there, once each. Gateways with the scope of a request are
   * made for each client, and are not found.
   */
  watch(app: object): void {
    // A member of every application of Nest that its types do not show.
    const container: unknown = Reflect.get(app, 'container')
    if (!isContainer(container)) return
    for (const { providers } of container.getModules().values()) {
      for (const { instance } of providers.values()) this.#wrap(instance)
    }
  }

  /** Resolves when all calls so far have settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  #wrap(gateway: unknown): void {
    if (typeof gateway !== 'object' || gateway === null || this.#wrapped.has(gateway)) return
    const original: unknown = Reflect.get(gateway, 'handleDisconnect')
    if (typeof original !== 'function') return
    this.#wrapped.add(gateway)
    const handleDisconnect: HandleDisconnect = (...args) => {
      const call = this.#call(() => Reflect.apply(original, gateway, args))
      this.#running.add(call)
      void call.then(() => this.#running.delete(call))
    }
    Object.defineProperty(gateway, 'handleDisconnect', {
      value: handleDisconnect,
      configurable: true,
      writable: true,
    })
  }

  async #call(handle: () => unknown): Promise<void> {
    try {
      await handle()
    } catch (error) {
      this.#failed(asError(error, 'handleDisconnect()'))
    }
  }
}

function isContainer(value: unknown): value is NestContainer {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'getModules') === 'function'
  )
}
