/**
 * What a node wants to hear from an engine, and what the engine has confirmed on the connection of
 * the moment.
 */

/** Where what comes under a name of the engine belongs. */
export type Heard =
  | { readonly type: 'event'; readonly topic: string; readonly kind: string }
  | { readonly type: 'message'; readonly channel: string }

/** Wanted names, kept over connections. */
export class Subscriptions {
  readonly #wanted = new Map<string, Heard>()
  #missing = new Set<string>()

  /** How many names are wanted. */
  get size(): number {
    return this.#wanted.size
  }

  /** @returns what is wanted under `name`; `undefined` for a name that is not wanted any more. */
  find(name: string): Heard | undefined {
    return this.#wanted.get(name)
  }

  /** Wants `name`. It is missing until `confirm`. */
  add(name: string, heard: Heard): void {
    this.#wanted.set(name, heard)
    this.#missing.add(name)
  }

  /** @returns whether it was wanted. */
  remove(name: string): boolean {
    this.#missing.delete(name)
    return this.#wanted.delete(name)
  }

  /** The engine has confirmed `name`. */
  confirm(name: string): void {
    this.#missing.delete(name)
  }

  /** A connection has begun: nothing is confirmed. */
  reset(): void {
    this.#missing = new Set(this.#wanted.keys())
  }

  /** The next `count` names that are not confirmed, at most. */
  missing(count: number): string[] {
    const names: string[] = []
    for (const name of this.#missing) {
      if (names.length === count) break
      names.push(name)
    }
    return names
  }
}
