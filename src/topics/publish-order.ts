/**
 * Publishes of one process to one topic begin in the order of the calls, also where a schema takes
 * its time.
 */

/** Turns by the names of topics. */
export class PublishOrder {
  /** Only of topics where something is being validated. */
  readonly #turns = new Map<string, Promise<void>>()

  /** Whether a publish to `name` has to wait for one before it. */
  isBusy(name: string): boolean {
    return this.#turns.has(name)
  }

  /**
   * Calls `publish` with what `validated` resolves with, after all publishes that were called
   * before.
   *
   * @throws (by rejecting) what `validated` rejects with, and what `publish` throws or rejects
   *   with.
   */
  async inTurn<Valid, Result>(
    name: string,
    validated: PromiseLike<Valid>,
    publish: (valid: Valid) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#turns.get(name)
    // The result is in a box: the turn is over when the publish has begun.
    const begun = this.#begin(before, validated, publish)
    const turn = begun.then(
      () => {},
      () => {},
    )
    this.#turns.set(name, turn)
    try {
      return await (
        await begun
      ).result
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name)
    }
  }

  async #begin<Valid, Result>(
    before: Promise<void> | undefined,
    validated: PromiseLike<Valid>,
    publish: (valid: Valid) => Promise<Result>,
  ): Promise<{ readonly result: Promise<Result> }> {
    const [outcome] = await Promise.allSettled([validated, before])
    if (outcome.status === 'rejected') throw outcome.reason
    return { result: publish(outcome.value) }
  }
}
