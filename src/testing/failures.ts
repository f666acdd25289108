/** Collects the failures of the application's own code during a test. */

import type { Logger } from '../application/index.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../channels/index.ts'
import { UpgradeRefusedError } from '../client/index.ts'

/** Collects failures as the application's logger, because all of them are logged. */
export class Failures {
  /** The logger of the application. */
  readonly logger: Logger
  #errors: unknown[] = []

  /** `next` also gets every log entry, if given. */
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

  /** Returns all failures that were not taken yet, in order, and takes them. */
  take(): unknown[] {
    const errors = this.#errors
    this.#errors = []
    return errors
  }

  /** Takes one failure. */
  takeOne(error: unknown): void {
    const index = this.#errors.indexOf(error)
    if (index >= 0) this.#errors.splice(index, 1)
  }
}

/**
 * Throws the failures of a test: nothing without failures, one error as it is, several as an
 * `AggregateError` with the failures of the application first.
 *
 * @param failures of the application.
 * @param own the error of the test's own code, in a box. Left out of several if it only follows
 *   from a failure (the channel of a failed handler, the 500 of a failed interceptor).
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
