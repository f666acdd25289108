/**
 * Keeps other listeners of an `upgrade` event away from a socket that an application answers.
 *
 * Node shows an upgrade to all listeners. Some answer with 400 or 404, or destroy the socket, when
 * they do not know the path: `ws` at once, frameworks after their hooks. While the guard is active,
 * these calls do nothing. The peer's end still works, and so does `destroy` by Node with a system
 * error.
 */

import type { Duplex } from 'node:stream'

/** Methods by which another listener could answer, end or read the connection. */
const GUARDED = [
  'write',
  'end',
  'destroy',
  'destroySoon',
  'resetAndDestroy',
  'resume',
  'pipe',
] as const

type GuardedName = (typeof GUARDED)[number]

/** Guards one socket, from its construction to `release`. */
export class UpgradeGuard {
  readonly #stream: Duplex
  /** The own properties of the stream with these names; mostly none. */
  readonly #replaced = new Map<GuardedName, PropertyDescriptor | undefined>()

  constructor(stream: Duplex) {
    this.#stream = stream
    for (const name of GUARDED) this.#guard(name)
  }

  /** Restores the methods. A guarded function that other code has kept stays without effect. */
  release(): void {
    for (const [name, descriptor] of this.#replaced) {
      if (descriptor === undefined) Reflect.deleteProperty(this.#stream, name)
      else Object.defineProperty(this.#stream, name, descriptor)
    }
    this.#replaced.clear()
  }

  #guard(name: GuardedName): void {
    const stream = this.#stream
    const original: unknown = Reflect.get(stream, name)
    if (typeof original !== 'function') return
    this.#replaced.set(name, Object.getOwnPropertyDescriptor(stream, name))
    const value = (...args: readonly unknown[]): unknown => {
      if (name === 'destroy' && isSystemError(args[0])) return Reflect.apply(original, stream, args)
      return RESULTS[name]?.(stream, args)
    }
    Object.defineProperty(stream, name, { value, configurable: true, writable: true })
  }
}

/** The results of guarded calls, which have no effect. */
const RESULTS: Partial<Record<GuardedName, (stream: Duplex, args: readonly unknown[]) => unknown>> =
  {
    write: () => true,
    end: (stream) => stream,
    destroy: (stream) => stream,
    resetAndDestroy: (stream) => stream,
    resume: (stream) => stream,
    pipe: (_stream, [target]) => target,
  }

/** Node destroys a socket with such an error when the connection is lost. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error
}
