/**
 * Reads a channel to its end or to a certain point, and then cancels it (Ktor: `consumeEach`,
 * `toList`, `first`).
 */

import { handled, isThenable } from '../../base/internal.ts'
import { toCause } from '../errors.ts'
import { NOTHING, type ReceiveCore } from './receive-core.ts'
import { bare, receiveAs, result } from './receive-as.ts'

/** Implements `ReceiveChannel.consumeEach`. */
export function consumeEachOf<T>(core: ReceiveCore<T>, f: (value: T) => unknown): Promise<void> {
  // An error of `f` is reported if it is not handled; the failure of the channel is not, and ends
  // no process.
  const consumed: Promise<void> = consume(core, f, () => handled(consumed))
  return consumed
}

/**
 * @param onFailed called when the channel has failed and this rejects with that error; not called
 *   before this returns.
 */
async function consume<T>(
  core: ReceiveCore<T>,
  f: (value: T) => unknown,
  onFailed: () => unknown,
): Promise<void> {
  try {
    for (;;) {
      // Values that are available are taken without a promise in between.
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

/** Implements `ReceiveChannel.toArray`. */
export function arrayOf<T>(core: ReceiveCore<T>): Promise<T[]> {
  const values: T[] = []
  const consumed = consumeEachOf(core, (value) => {
    values.push(value)
  })
  return handled(consumed.then(() => values))
}

/** Implements `ReceiveChannel.first`. */
export function firstOf<T>(core: ReceiveCore<T>): Promise<T> {
  const received = receiveAs(core, bare<T>(), undefined, null)
  return handled(received.finally(() => core.cancel()))
}
