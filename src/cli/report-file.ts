/**
 * A file for a report. It is opened before the work begins: a wrong name must not cost a long run.
 */

import { closeSync, openSync, writeFileSync } from 'node:fs'

import { quoted } from './arguments.ts'
import { UsageError } from './exit-code.ts'
import { printable } from './printable.ts'

/** A file that will be written at the end of a command. */
export class ReportFile {
  readonly #path: string

  /**
   * Creates the file if it does not exist. An existing report stays until there is a new one.
   *
   * @throws {UsageError} if the file cannot be opened.
   */
  constructor(path: string) {
    this.#path = path
    this.#try(() => closeSync(openSync(path, 'a')))
  }

  /** @throws {UsageError} if the file cannot be written. */
  write(text: string): void {
    this.#try(() => writeFileSync(this.#path, text))
  }

  #try(action: () => void): void {
    try {
      action()
    } catch (cause) {
      const why = cause instanceof Error ? printable(cause.message) : ''
      throw new UsageError(`Cannot write the file ${quoted(this.#path)}: ${why}`, { cause })
    }
  }
}
