/** Structured concurrency: tasks that end together, before their launcher has ended. */

import { addAbortListener, removeAbortListener } from './abort-listeners.ts'
import { Deferred, handled, rejected } from './deferred.ts'
import { TowpathError } from './errors.ts'

/** Options of a scope. */
export interface TaskScopeOptions {
  /**
   * Called once with the error of the first task that fails, after the scope has been aborted with
   * that error as the reason. Must not throw.
   */
  readonly onFailure?: (error: unknown) => void

  /**
   * Whether the error of a task is a failure of the scope; called for each error. It may return
   * false for errors that only say that the scope's owner is ending. @defaultValue every error
   * except the reason of an abort
   */
  readonly isFailure?: (error: unknown) => boolean
}

/** Options of one task. */
export interface LaunchOptions {
  /** Ends this task alone: the signal of the task aborts with the same reason. */
  readonly signal?: AbortSignal
}

/**
 * No more tasks can be launched: the scope has been aborted (with `cause` as the reason) or joined.
 */
export class ScopeEndedError extends TowpathError {
  override readonly name = 'ScopeEndedError'
  readonly code = 'TOWPATH_SCOPE_ENDED'
}

/**
 * Runs tasks. The first failure aborts all.
 *
 * The owner of a scope calls `join()` at the end.
 */
export class TaskScope {
  readonly #options: TaskScopeOptions
  readonly #controller = new AbortController()
  /** Resolved at the end. */
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

  /** The error of the first task that failed, in an object; `null` when none has failed. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  /**
   * Starts `task` at once; `join()` waits for it. The first failure aborts the scope and is
   * reported. After an abort, of the scope or of `options.signal`, a task that ends with the
   * reason of the abort has not failed. If `options.signal` has aborted before, `task` does not
   * run.
   *
   * @returns the task's result or error. The promise may be ignored: nothing goes unhandled.
   * @throws {TypeError} if `task` is not a function.
   * @throws {ScopeEndedError} at once, without running `task`, if the scope has been aborted or
   *   joined.
   */
  launch<T>(
    task: (signal: AbortSignal) => Promise<T> | T,
    { signal: own }: LaunchOptions = NO_OPTIONS,
  ): Promise<T> {
    if (typeof task !== 'function') {
      throw new TypeError('Cannot launch a task: expected a function, such as () => work()')
    }
    const { signal } = this
    if (this.#joined.isSettled || signal.aborted) {
      throw new ScopeEndedError(
        'Cannot launch a task: its scope has ended, expected one that is running',
        {
          cause: signal.reason,
        },
      )
    }

    if (own?.aborted === true) return handled(rejected(own.reason))

    this.#running++
    // The failure is kept as the failure of the scope; the caller may also handle it.
    return handled(own === undefined ? this.#run(task, signal) : this.#runWith(task, own))
  }

  /**
   * Aborts the signal, so that the tasks end; does not wait for them. Only the first call has an
   * effect.
   *
   * @param reason the `signal.reason` for the tasks. @defaultValue an `AbortError`
   */
  abort(reason?: unknown): void {
    this.#controller.abort(reason)
  }

  /**
   * Resolves when all tasks have ended, including those that are launched meanwhile; never rejects:
   * see `failure`. Aborts nothing. Afterwards no more tasks can be launched.
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

  /** Runs `task` with a signal that aborts with the scope and with `own`. */
  async #runWith<T>(task: (signal: AbortSignal) => Promise<T> | T, own: AbortSignal): Promise<T> {
    const controller = new AbortController()
    const abort = (): void => controller.abort(own.aborted ? own.reason : this.signal.reason)
    addAbortListener(this.signal, abort)
    addAbortListener(own, abort)
    try {
      return await this.#run(task, controller.signal)
    } finally {
      removeAbortListener(this.signal, abort)
      removeAbortListener(own, abort)
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { error }
    this.abort(error)
    this.#options.onFailure?.(error)
  }
}

const NO_OPTIONS: TaskScopeOptions & LaunchOptions = {}

/** Whether a task ended because of the abort. Node's own functions wrap the reason as a cause. */
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
