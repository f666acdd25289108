/**
 * In which `AsyncLocalStorage` context the functions of users run.
 *
 * Node keeps a context with every timer, write and task, that of the code which made it. What sessions
 * share would so lead from one user's context into another's. So shared things are made in the root
 * context, and what a session tells its user is told in the session's own.
 */

import { AsyncResource } from 'node:async_hooks'

/** The `AsyncLocalStorage` values of one point in time, to come back to. */
export interface AsyncContext {
  /** Runs `task` as if it had been called at that point. */
  run<T>(task: () => T): T
}

/** The context of the caller. */
export function captureContext(): AsyncContext {
  // Without destroy hooks of its own: there is nothing to release but memory.
  const resource = new AsyncResource('TowpathContext', { requireManualDestroy: true })
  return { run: (task) => resource.runInAsyncScope(task) }
}

/** The context in which the library was loaded: no request and no session is in it. */
export const rootContext: AsyncContext = captureContext()
