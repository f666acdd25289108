/**
 * What fails in the application's own code while a test runs, kept until somebody looks at it.
 */

import type { Logger } from '../application/index.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../channels/index.ts'
import { UpgradeRefusedError } from '../client/index.ts'

/**
 * Collects failures by standing where an application logs them: that is the one place that all of
 * them reach.
 */
export class Failures {
  /** What the application is given as its logger. */
  readonly logger: Logger
  #errors: unknown[] = []

  /** `next` is told everything too, if there is one. */
  constructor(next: Logger | null) {
    this.logger = {
      debug: (facts, message) => next?.debug(facts, message),
      info: (facts, message) => next?.info(facts, message),
      warn: (facts, message) => next?.warn(facts, message),
      error: (facts, message) => {
        if ('err' in facts) this.add(facts.err)
        next?.error(facts, message)
      },
    }
  }

  add(error: unknown): void {
    this.#errors.push(error)
  }

  /** All failures that nobody has taken, in their order; they count as seen from now on. */
  take(): unknown[] {
    const errors = this.#errors
    this.#errors = []
    return errors
  }

  /** The same for one failure. */
  takeOne(error: unknown): void {
    const index = this.#errors.indexOf(error)
    if (index >= 0) this.#errors.splice(index, 1)
  }
}

/**
 * Throws what a test has to be told: nothing if nothing went wrong, one error as it is, several as
 * an `AggregateError` with the failures of the application first.
 *
 * @param failures of the application.
 * @param own what the test's own code threw, in a box; left out of several if it is only the echo
 *   of a failure (the channel that a failed handler left behind, the 500 of a failed interceptor).
 */
export function throwTogether(
  failures: readonly unknown[],
  own: { readonly error: unknown } | null,
): void {
  const errors = [...failures]
  if (own !== null && !errors.includes(own.error)) {
    if (errors.length === 0 || !isEcho(own.error)) errors.push(own.error)
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) {
    throw new AggregateError(errors, `Cannot pass the test: ${errors.map(summary).join('; ')}`)
  }
}

function isEcho(error: unknown): boolean {
  if (error instanceof ClosedReceiveChannelError) return true
  if (error instanceof ClosedSendChannelError) return true
  return error instanceof UpgradeRefusedError && error.status === 500
}

function summary(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
