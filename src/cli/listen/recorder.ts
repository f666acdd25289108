/**
 * Appends messages to a file, a line of JSON for each.
 */

import { closeSync, openSync, writeSync } from 'node:fs'

import type { Clock } from '../../base/index.ts'
import { Frame } from '../../protocol/index.ts'
import { quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { printable } from '../printable.ts'

/** An open file of recorded messages. Disposing of it closes the file. */
export class Recorder implements Disposable {
  readonly #file: number
  readonly #clock: Clock
  readonly #startedAt: number

  /** @throws {UsageError} if the file cannot be opened. */
  constructor(path: string, clock: Clock) {
    try {
      this.#file = openSync(path, 'a')
    } catch (cause) {
      const why = cause instanceof Error ? printable(cause.message) : ''
      throw new UsageError(`Cannot record to ${quoted(path)}: ${why}`, { cause })
    }
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  /** Writes one message. `at` counts milliseconds since the file was opened. */
  write(connection: number, frame: Frame): void {
    const at = Math.round((this.#clock.now() - this.#startedAt) * 10) / 10
    const data =
      frame instanceof Frame.Text
        ? { text: frame.readText() }
        : { base64: Buffer.from(frame.buffer).toString('base64') }
    writeSync(this.#file, `${JSON.stringify({ connection, at, ...data })}\n`)
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}
