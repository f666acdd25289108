/**
 * The signals that end a session and the request for it: the user's, and that of the client.
 */

import { addAbortListener, removeAbortListener } from '../../base/internal.ts'

/** Signals of which the first that aborts counts. */
export class LeaveSignals {
  readonly #signals: readonly AbortSignal[]

  /** @param signals `null`: none. */
  constructor(...signals: ReadonlyArray<AbortSignal | null>) {
    this.#signals = signals.filter((signal) => signal !== null)
  }

  get aborted(): boolean {
    return this.#signals.some(({ aborted }) => aborted)
  }

  /** The reason of a signal that has aborted. */
  get reason(): unknown {
    const reason: unknown = this.#signals.find(({ aborted }) => aborted)?.reason
    return reason
  }

  /** @throws the reason, if one of them has aborted. */
  throwIfAborted(): void {
    for (const signal of this.#signals) signal.throwIfAborted()
  }

  /** Calls `listener` for each signal that aborts from now on. */
  add(listener: () => void): void {
    for (const signal of this.#signals) addAbortListener(signal, listener)
  }

  remove(listener: () => void): void {
    for (const signal of this.#signals) removeAbortListener(signal, listener)
  }
}
