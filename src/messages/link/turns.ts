/**
 * Keeps an order across steps that become ready in any order: schemas may validate asynchronously.
 *
 * Messages enter it only behind a schema that has not answered. As long as all schemas answer at
 * once, it is empty.
 */

/** One place in the order. */
interface Turn {
  /** What is done when all earlier turns are over; `null`: not known yet. */
  step: (() => void) | null
}

/** Turns that wait, the oldest first. */
export class Turns {
  /** Called when a turn is over. */
  onTurn: (() => void) | null = null
  readonly #turns: Turn[] = []

  /** How many wait. */
  get size(): number {
    return this.#turns.length
  }

  /**
   * Calls `known` or `failed` once the outcome is known and all earlier turns are over.
   *
   * @returns a function that gives the turn up: neither is called then.
   */
  add<T>(
    outcome: T | PromiseLike<T>,
    known: (value: T) => void,
    failed: (error: unknown) => void,
  ): () => void {
    const turn: Turn = { step: null }
    this.#turns.push(turn)
    // The first one counts.
    const ready = (step: () => void): void => {
      turn.step ??= step
      this.#run()
    }
    Promise.resolve(outcome).then(
      (value) => ready(() => known(value)),
      (error: unknown) => ready(() => failed(error)),
    )
    return () => ready(() => {})
  }

  #run(): void {
    for (let step = this.#turns[0]?.step; step; step = this.#turns[0]?.step) {
      this.#turns.shift()
      step()
      this.onTurn?.()
    }
  }
}
