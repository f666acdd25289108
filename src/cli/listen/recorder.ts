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
  readonly #path: string
  readonly #file: number
  readonly #clock: Clock
  readonly #startedAt: number

  /** @throws {UsageError} if the file cannot be opened. */
  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#file = this.#attempt(() => openSync(path, 'a'))
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  /**
   * Writes one message. `at` counts milliseconds since the file was opened.
   *
   * @throws {UsageError} if the file takes no more, as on a full disk.
   */
  write(connection: number, frame: Frame): void {
    const at = Math.round((this.#clock.now() - this.#startedAt) * 10) / 10
    const data =
      frame instanceof Frame.Text
        ? { text: frame.readText() }
        : { base64: Buffer.from(frame.buffer).toString('base64') }
    const line = Buffer.from(`${JSON.stringify({ connection, at, ...data })}\n`)
    this.#attempt(() => {
      for (let done = 0; done < line.length;) done += writeSync(this.#file, line, done)
    })
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  #attempt<T>(use: () => T): T {
    try {
      return use()
    } catch (cause) {
      const why = cause instanceof Error ? printable(cause.message) : ''
      throw new UsageError(`Cannot record to ${quoted(this.#path)}: ${why}`, { cause })
    }
  }
}
