/**
 * The exit codes of all commands, and the code that an error leads to.
 */

import { ConnectError, UpgradeRefusedError } from '../client/index.ts'
import { ListenError } from '../engines/node/index.ts'
import { printable } from './printable.ts'

/** The exit codes. They are part of the command's interface. */
export const ExitCode = {
  /** The connection was closed as agreed, or the work is done. */
  OK: 0,
  /** An option, an argument or an input line is invalid. */
  USAGE: 1,
  /** There was no connection; the message names the step. */
  NO_CONNECTION: 2,
  /** The server refused the upgrade; the message has the status. */
  REFUSED: 3,
  /** The connection ended with another close code, or without one. */
  CLOSED_OTHERWISE: 4,
  /** An expectation, a threshold or a case failed. */
  FAILED: 5,
  /** The time limit of the command has passed. */
  TIMEOUT: 124,
  /** The command was interrupted. */
  INTERRUPTED: 130,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The command line, or a line of input, is invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Ends a command with an exit code. The message is for the user, and may be empty. */
export class CommandEnd extends Error {
  override readonly name = 'CommandEnd'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** An exit code, and the sentence to print; `''` prints nothing. */
export interface Failure {
  readonly exitCode: ExitCode
  readonly message: string
}

/** How much of the body of a refusal is printed, in characters. */
const MAX_BODY_CHARACTERS = 200

/**
 * Returns the exit code and the message for `error`; both are safe to print.
 *
 * @returns `null` for an error that is a fault of the command itself.
 */
export function failureOf(error: unknown): Failure | null {
  const message = error instanceof Error ? printable(error.message) : ''
  if (error instanceof CommandEnd) return { exitCode: error.exitCode, message }
  if (error instanceof UsageError) return { exitCode: ExitCode.USAGE, message }
  if (error instanceof ConnectError) return { exitCode: ExitCode.NO_CONNECTION, message }
  if (error instanceof UpgradeRefusedError) {
    const body = printable(error.body.trim().slice(0, MAX_BODY_CHARACTERS))
    return { exitCode: ExitCode.REFUSED, message: body === '' ? message : `${message}: ${body}` }
  }
  if (error instanceof ListenError) {
    return { exitCode: ExitCode.NO_CONNECTION, message: `${message} (step: listen)` }
  }
  const isInvalid = error instanceof TypeError || error instanceof RangeError
  // The checks of the client's own options and URL, which are the user's here.
  if (isInvalid && /^Cannot (open WebSocket|use close)/.test(message)) {
    return { exitCode: ExitCode.USAGE, message }
  }
  return null
}
