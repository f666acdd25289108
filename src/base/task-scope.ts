/**
 * Structured concurrency: tasks that end together, before whatever launched them has ended.
 */

import { Deferred } from './deferred.ts'
import { TowpathError } from './errors.ts'

/** How a scope is set up. */
export interface TaskScopeOptions {
  /**
   * Called once, with what the first task to fail has thrown, after the scope has been aborted with
   * the same as its reason. Must not throw.
   */
  readonly onFailure?: (error: unknown) => void

  /**
   * Whether what a task threw is a failure of the scope; asked for each. It may say no to what only
   * tells that the owner of the scope is ending. @defaultValue everything is, but the reason of an
   * abort
   */
  readonly isFailure?: (error: unknown) => boolean
}

/**
 * Nothing more can be launched: the scope has been aborted (with `cause` as the reason) or joined.
 */
export class ScopeEndedError extends TowpathError {
  override readonly name = 'ScopeEndedError'
  readonly code = 'TOWPATH_SCOPE_ENDED'
}

/**
 * Runs tasks, of which the first failure aborts all.
 *
 * Whoever makes a scope calls `join()` in the end.
 */
export class TaskScope {
  readonly #options: TaskScopeOptions
  readonly #controller = new AbortController()
  /** Settled at the end. */
  readonly #joined = new Deferred<void>()
  #isJoining = false
  #failure: { readonly error: unknown } | null = null
  #running = 0

  constructor(options: TaskScopeOptions = NO_OPTIONS) {
    this.#options = options
  }

  /** Aborts when the scope is aborted, by `abort` or by a failure. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What the first task to fail has thrown, in a box of its own; `null` when none has failed. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  /**
   * Starts `task` at once, and has `join()` wait for it. Its failure aborts the scope and is kept
   * and reported if it is the first. After an abort, a task that ends with the abort's reason has
   * not failed.
   *
   * @returns what the task returns or throws. It may be ignored: nothing goes unhandled.
   * @throws {ScopeEndedError} at once, without running `task`, if the scope has been aborted or
   *   joined.
   */
  launch<T>(task: (signal: AbortSignal) => Promise<T> | T): Promise<T> {
    const { signal } = this
    if (this.#joined.isSettled || signal.aborted) {
      throw new ScopeEndedError('Cannot launch a task: its scope has ended', {
        cause: signal.reason,
      })
    }

    this.#running++
    const result = this.#run(task, signal)
    result.catch(() => {
      // Kept as the failure of the scope; the caller may look at it too, or not.
    })
    return result
  }

  /**
   * Aborts the signal, so that the tasks come to an end; waits for none of them. The first call
   * counts.
   *
   * @param reason what the tasks find in `signal.reason`. @defaultValue an `AbortError`
   */
  abort(reason?: unknown): void {
    this.#controller.abort(reason)
  }

  /**
   * Resolves when all tasks have ended, those that were launched meanwhile too; never rejects: see
   * `failure`. Aborts nothing. Once it has resolved nothing more can be launched.
   */
  join(): Promise<void> {
    this.#isJoining = true
    if (this.#running === 0) this.#joined.resolve()
    return this.#joined.promise
  }

  async #run<T>(task: (signal: AbortSignal) => Promise<T> | T, signal: AbortSignal): Promise<T> {
    try {
      return await task(signal)
    } catch (error) {
      if (!isEndByAbort(error, signal) && this.#options.isFailure?.(error) !== false) {
        this.#fail(error)
      }
      throw error
    } finally {
      if (--this.#running === 0 && this.#isJoining) this.#joined.resolve()
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { error }
    this.abort(error)
    this.#options.onFailure?.(error)
  }
}

const NO_OPTIONS: TaskScopeOptions = {}

/** Whether a task ended because it was told to. Node's own functions wrap the reason as a cause. */
function isEndByAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false
  if (error === signal.reason) return true
  try {
    return error instanceof Error && error.name === 'AbortError' && error.cause === signal.reason
  } catch {
    // A proxy, or a getter, that throws.
    return false
  }
}
