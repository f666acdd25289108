/**
 * Runs the interceptors of an upgrade, outermost first, and keeps the context that they made for its handler.
 */

import { kindOf } from '../../base/internal.ts'

import type { ApplicationCall, Interceptor } from '../application.ts'
import { type AsyncContext, captureContext } from '../async-context.ts'

/** What came of the interceptors. */
export interface Interception {
  /** What one of them answered instead of the upgrade; `null` when all agreed. */
  readonly refusal: Response | null

  /** The innermost point, inside of everything that an interceptor put around `next()`: the handler runs there. */
  readonly context: AsyncContext
}

/**
 * Runs `interceptors` for `call`. Rejects with what one of them throws, also when another has caught it and
 * went on as if nothing was: what failed further in has not agreed.
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
        `Cannot use what an interceptor returned: it is ${kindOf(answer)}, expected a Response or nothing`,
      )
    }
    return inner ?? runFrom(index + 1)
  }

  const refusal = await runFrom(0)
  return { refusal: refusal ?? null, context: context ?? captureContext() }
}

/** A call of `next()` that runs nothing. It rejects for a caller that awaits it. */
function refusedNext(how: string): Promise<never> {
  return handled(Promise.reject(new Error(`Cannot call next() ${how}`)))
}

/** Returns `promise`, whose rejection does not end the process when the interceptor never awaits it. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {
    // The interceptor that awaits the promise sees the error; otherwise it says nothing new.
  })
  return promise
}

/** Waits for what an interceptor began and left, so that nothing of an upgrade outlives its answer. */
async function settled(inner: Promise<unknown> | null): Promise<void> {
  try {
    await inner
  } catch {
    // The interceptor has answered in spite of it: the refusal stands either way.
  }
}
