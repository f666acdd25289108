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

  readonly #onError = (error: Error): void => {
    const message = outputFailure(error)
    this.#limits.stop(message === null ? ExitCode.OK : ExitCode.USAGE, message ?? '')
  }
}

/**
 * Remembers why standard output failed. A stream reports the failure of a short write after the
 * write, so that a command may have ended before.
 */
export class OutputWatch implements Disposable {
  readonly #stream: Writable
  #error: Error | null = null

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', this.#onError)
  }

  /** Resolves when everything is written, with the message of a failure; `null`: there is none. */
  async flush(): Promise<string | null> {
    const flushed = new Deferred<Error | null | undefined>()
    this.#stream.write('', (error) => flushed.resolve(error))
    const error = await flushed.promise
    const first = this.#error ?? error ?? null
    return first === null ? null : outputFailure(first)
  }

  [Symbol.dispose](): void {
    this.#stream.off('error', this.#onError)
  }

  readonly #onError = (error: Error): void => {
    this.#error ??= error
  }
}

/** @returns `null` for a reader that has gone: it has what it wants, as `head` has. */
function outputFailure(error: NodeJS.ErrnoException): string | null {
  if (error.code === 'EPIPE') return null
  return `Cannot write to standard output: ${printable(error.message)}`
}
