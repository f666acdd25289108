/**
 * The logger of an application, and logging that never throws.
 */

import { isThenable, requireObject } from '../base/internal.ts'

/**
 * The logger of an application. `console` and pino both satisfy it. The facts come first, as in
 * pino; the field `err` has the error.
 *
 * Towpath logs each failure of the application's own code (handlers, interceptors, listeners) once,
 * at level `error`. It logs a page whose origin is refused at level `warn`, at most once a minute
 * for each origin. It logs probable mistakes in the application's code at level `debug`. Everything
 * else that a peer did is an event of `monitor` only.
 */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/**
 * The default logger. Warnings and errors go to the console, so that a failing handler is noticed.
 * `debug` and `info` are ignored.
 */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  // oxlint-disable-next-line no-console -- the default has nowhere else to go; a logger can be given
  warn: (facts, message) => console.warn(`towpath: ${message}`, facts),
  // oxlint-disable-next-line no-console -- as above
  error: (facts, message) => console.error(`towpath: ${message}`, facts),
}

/**
 * Throws unless `logger` has the four methods. Logging never throws, so that a missing method would
 * lose every failure in silence.
 */
export function requireLogger(act: string, logger: unknown): asserts logger is Logger {
  requireObject(act, 'option "logger"', logger)
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof Reflect.get(logger, level) === 'function') continue
    throw new TypeError(
      `Cannot ${act}: option "logger" has no ${level}(), expected debug, info, warn and error`,
    )
  }
}

/** Logs a failure of the application's own code. Never throws, even if the logger does. */
export function logFailure(
  logger: Logger,
  error: unknown,
  message: string,
  facts: object = {},
): void {
  logSafely(() => logger.error({ ...facts, err: error }, message))
}

/** Logs a hint for developers. Never throws. */
export function logDebug(logger: Logger, message: string, facts: object): void {
  logSafely(() => logger.debug(facts, message))
}

/** Calls `write`, and ignores the errors of a logger that throws or rejects. */
export function logSafely(write: () => unknown): void {
  try {
    const written = write()
    if (isThenable(written)) Promise.resolve(written).catch(() => {})
  } catch {
    // A logger's error can be reported nowhere else, and must not end a session.
  }
}
