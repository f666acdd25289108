/**
 * Writes to standard output, no faster than its reader.
 */

import type { Writable } from 'node:stream'

import { Deferred } from '../base/internal.ts'
import type { CommandLimits } from './command-limits.ts'
import { ExitCode } from './exit-code.ts'
import { printable } from './printable.ts'

/** One stream of output. */
export class Outlet implements Disposable {
  readonly #stream: Writable
  readonly #limits: Pick<CommandLimits, 'stop'>

  /** @param limits end the command when nothing can be written any more. */
  constructor(stream: Writable, limits: Pick<CommandLimits, 'stop'>) {
    this.#stream = stream
    this.#limits = limits
    stream.on('error', this.#onError)
  }

  /** Resolves when more may be written. Never rejects: once the reader has gone, nothing is. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#stream.destroyed) return
    const flushed = new Deferred<void>()
    if (this.#stream.write(data, () => flushed.resolve())) return
    await flushed.promise
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`)
  }

  [Symbol.dispose](): void {
    this.#stream.off('error', this.#onError)
  }

  /** A reader that has gone, as `head` goes, has what it wants. A full disk has not. */
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') this.#limits.stop(ExitCode.OK, '')
    else {
      const message = `Cannot write to standard output: ${printable(error.message)}`
      this.#limits.stop(ExitCode.USAGE, message)
    }
  }
}
