/**
 * Reading a channel to its end, or to where one has enough; in each case it is then cancelled
 * (Ktor: `consumeEach`, `toList`, `first`).
 */

import { toCause } from './errors.ts'
import { bare, NOTHING, type ReceiveCore, receiveAs, result } from './receiving.ts'

/** See `ReceiveChannel.consumeEach`. */
export async function consumeEachOf<T>(
  core: ReceiveCore<T>,
  f: (value: T) => unknown,
): Promise<void> {
  try {
    for (;;) {
      // What is there is taken without a promise in between.
      let value = core.takeNext()
      if (value === NOTHING) {
        const next = await receiveAs(core, result<T>(), undefined, null)
        if (next.type === 'closed') {
          if (next.cause !== null) throw next.cause
          return
        }
        value = next.value
      }
      const pending = f(value)
      if (isThenable(pending)) await pending
    }
  } catch (error) {
    core.cancel(toCause(error))
    throw error
  } finally {
    core.cancel()
  }
}

/** See `ReceiveChannel.toArray`. */
export async function arrayOf<T>(core: ReceiveCore<T>): Promise<T[]> {
  const values: T[] = []
  await consumeEachOf(core, (value) => {
    values.push(value)
  })
  return values
}

/** See `ReceiveChannel.first`. */
export async function firstOf<T>(core: ReceiveCore<T>): Promise<T> {
  try {
    return await receiveAs(core, bare<T>(), undefined, null)
  } finally {
    core.cancel()
  }
}

/** Whether `await` would wait for it. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
