/**
 * Runs the interceptors of an upgrade, outermost first, and captures their context for the handler.
 */

import { kindOf } from '../../base/internal.ts'

import type { ApplicationCall, Interceptor } from '../application.ts'
import { type AsyncContext, captureContext } from '../async-context.ts'

/** The result of the interceptors. */
export interface Interception {
  /** The response of an interceptor that refused; `null` if all accepted. */
  readonly refusal: Response | null

  /**
   * The innermost context, inside everything that interceptors put around `next()`. The handler
   * runs there.
   */
  readonly context: AsyncContext
}

/**
 * Runs `interceptors` for `call`. Rejects if an interceptor throws, even if an outer interceptor
 * catches the error and accepts: an interceptor that failed has not accepted.
 */
export async function intercept(
  interceptors: readonly Interceptor[],
  call: ApplicationCall,
): Promise<Interception> {
  let context: AsyncContext | null = null

  async function runFrom(index: number): Promise<Response | undefined> {
    const interceptor = interceptors[index]
    if (interceptor === undefined) {
      context = captureContext()
      return undefined
    }

    let inner: Promise<Response | undefined> | null = null
    let hasReturned = false
    const next = (): Promise<Response | undefined> => {
      if (hasReturned) return refusedNext('late: the interceptor has returned')
      if (inner !== null) return refusedNext('twice: the inner interceptors run once')
      inner = handled(runFrom(index + 1))
      return inner
    }
    let answer: unknown
    try {
      answer = await interceptor(call, next)
    } finally {
      hasReturned = true
    }
    if (answer instanceof Response) {
      await settled(inner)
      return answer
    }
    if (answer !== undefined) {
      throw new TypeError(
        `Cannot upgrade: an interceptor returned ${kindOf(answer)}, expected a Response or undefined`,
      )
    }
    return inner ?? runFrom(index + 1)
  }

  const refusal = await runFrom(0)
  return { refusal: refusal ?? null, context: context ?? captureContext() }
}

/** A call of `next()` that runs nothing. The promise rejects if the caller awaits it. */
function refusedNext(how: string): Promise<never> {
  return handled(Promise.reject(new Error(`Cannot call next() ${how}`)))
}

/**
 * Returns `promise`. If the interceptor never awaits it, its rejection does not end the process.
 */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {
    // An interceptor that awaits the promise sees the error.
  })
  return promise
}

/** Waits for inner interceptors that were not awaited, so that none outlives the answer. */
async function settled(inner: Promise<unknown> | null): Promise<void> {
  try {
    await inner
  } catch {
    // The outer interceptor refused in any case, so the inner error changes nothing.
  }
}
