/**
 * Tasks that follow one another: those of one name in the order of the calls, and each after the
 * one before has settled. Tasks of different names run at the same time.
 */

/** The turns of all names. */
export class Turns {
  /** The last task of each name. */
  readonly #last = new Map<string, Promise<void>>()

  /** How many names have a task. */
  get size(): number {
    return this.#last.size
  }

  /** Calls `task` after the earlier tasks of `name`. Settles as `task` does. */
  take<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const result = before === undefined ? task() : before.then(task)
    const forget = (): void => {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
    const turn = result.then(forget, forget)
    this.#last.set(name, turn)
    return result
  }
}
