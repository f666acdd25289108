/**
 * The `AsyncLocalStorage` context in which users' functions run.
 *
 * Node stores a context with every timer, write and task: the context of the code that created it.
 * Work that several sessions share would leak one user's context into another's. Therefore shared
 * objects are created in the root context, and each session calls its user's code in the session's
 * own context.
 */

import { AsyncResource } from 'node:async_hooks'

/** The `AsyncLocalStorage` values at one point in time. */
export interface AsyncContext {
  /** Runs `task` as if it had been called at that point. */
  run<T>(task: () => T): T
}

/** Returns the context of the caller. */
export function captureContext(): AsyncContext {
  // Without destroy hooks: there is nothing to release but memory.
  const resource = new AsyncResource('TowpathContext', { requireManualDestroy: true })
  return { run: (task) => resource.runInAsyncScope(task) }
}

/** The context in which the library was loaded. It contains no request and no session. */
export const rootContext: AsyncContext = captureContext()
