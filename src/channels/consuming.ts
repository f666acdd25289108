/**
 * Reading a channel to its end, or to where one has enough; in each case it is then cancelled
 * (Ktor: `consumeEach`, `toList`, `first`).
 */

import { handled } from '../base/internal.ts'
import { toCause } from './errors.ts'
import { bare, NOTHING, type ReceiveCore, receiveAs, result } from './receiving.ts'

/** See `ReceiveChannel.consumeEach`. */
export function consumeEachOf<T>(core: ReceiveCore<T>, f: (value: T) => unknown): Promise<void> {
  // What `f` throws is news; that the channel has failed is none, and ends no process.
  const consumed: Promise<void> = consume(core, f, () => handled(consumed))
  return consumed
}

/**
 * @param onFailed the channel has failed, which is what this rejects with; not called before this
 *   returns.
 */
async function consume<T>(
  core: ReceiveCore<T>,
  f: (value: T) => unknown,
  onFailed: () => unknown,
): Promise<void> {
  try {
    for (;;) {
      // What is there is taken without a promise in between.
      let value = core.takeNext()
      if (value === NOTHING) {
        const next = await receiveAs(core, result<T>(), undefined, null)
        if (next.type === 'closed') {
          if (next.cause === null) return
          onFailed()
          throw next.cause
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
export function arrayOf<T>(core: ReceiveCore<T>): Promise<T[]> {
  const values: T[] = []
  const consumed = consumeEachOf(core, (value) => {
    values.push(value)
  })
  return handled(consumed.then(() => values))
}

/** See `ReceiveChannel.first`. */
export function firstOf<T>(core: ReceiveCore<T>): Promise<T> {
  const received = receiveAs(core, bare<T>(), undefined, null)
  return handled(received.finally(() => core.cancel()))
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
