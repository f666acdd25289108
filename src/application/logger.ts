/**
 * Where an application writes what it would otherwise have to keep to itself.
 */

import { isThenable } from '../base/internal.ts'

/**
 * Takes what the application has to say. `console` and pino both satisfy it. The facts come first, as
 * pino wants them; an error is in the field `err`.
 *
 * Towpath writes `error` for what failed in the application's own code (handlers, interceptors,
 * listeners), each failure once; `warn` for a page whose origin is refused, once a minute for each
 * origin; and `debug` for what looks like a slip in the application's code. What else a peer did goes to
 * `monitor` only.
 */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/**
 * The logger of an application that was given none: warnings and errors go to the console, because a
 * handler that fails must not fail in silence; `debug` and `info` go nowhere.
 */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  // oxlint-disable-next-line no-console -- the default has nowhere else to go; a logger can be given
  warn: (facts, message) => console.warn(`towpath: ${message}`, facts),
  // oxlint-disable-next-line no-console -- as above
  error: (facts, message) => console.error(`towpath: ${message}`, facts),
}

/** Writes one failure of the application's own code. Never throws: a logger that fails is on its own. */
export function logFailure(
  logger: Logger,
  error: unknown,
  message: string,
  facts: object = {},
): void {
  logSafely(() => logger.error({ ...facts, err: error }, message))
}

/** Writes a hint for developers. Never throws. */
export function logDebug(logger: Logger, message: string, facts: object): void {
  logSafely(() => logger.debug(facts, message))
}

/** Calls a logger by `write`, and outlives one that throws or rejects. */
export function logSafely(write: () => unknown): void {
  try {
    const written = write()
    if (isThenable(written)) Promise.resolve(written).catch(() => {})
  } catch {
    // There is no other place to report it, and it must not end a session.
  }
}
