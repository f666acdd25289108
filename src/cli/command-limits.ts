/**
 * What ends a command from outside: its time limit, an interrupt, or a reader that has gone.
 */

import { CommandEnd, ExitCode } from './exit-code.ts'
import type { World } from './world.ts'

/** Watches over one command. Its signal aborts with a `CommandEnd`. */
export class CommandLimits implements Disposable {
  readonly #controller = new AbortController()
  readonly #timer: Disposable | null
  readonly #interrupts: Disposable

  /** @param timeoutMs the time limit in milliseconds; `null`: none. */
  constructor(world: World, timeoutMs: number | null) {
    this.#interrupts = world.onInterrupt(() => this.interrupt())
    this.#timer =
      timeoutMs === null
        ? null
        : world.clock.setTimer(timeoutMs, () => {
            this.stop(
              ExitCode.TIMEOUT,
              `Cannot finish: the ${timeoutMs} ms of --timeout have passed`,
            )
          })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The end that was asked for; `null` if none was. */
  get end(): CommandEnd | null {
    const { signal } = this.#controller
    // Nothing else aborts the controller.
    return signal.aborted ? (signal.reason as CommandEnd) : null
  }

  /** @throws {CommandEnd} if the command was ended otherwise than with 0. */
  throwIfFailed(): void {
    const { end } = this
    if (end !== null && end.exitCode !== ExitCode.OK) throw end
  }

  interrupt(): void {
    this.stop(ExitCode.INTERRUPTED, '')
  }

  /** Ends the command. Only the first call counts. */
  stop(exitCode: ExitCode, message: string): void {
    this.#controller.abort(new CommandEnd(exitCode, message))
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#interrupts[Symbol.dispose]()
  }
}
