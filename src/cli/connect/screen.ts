/**
 * Where a conversation is shown: messages, and notes about it.
 */

import type { Outlet } from '../outlet.ts'

/** Shows lines. What it is given is safe to print. */
export interface Screen {
  /** Shows a message, with its end. Resolves when more may be shown. */
  message(output: string | Uint8Array): Promise<void>
  /** Shows a note about the conversation, without its end. */
  note(line: string): void
}

/** For programs: messages on standard output, notes on standard error if they are wanted. */
export class PipeScreen implements Screen {
  readonly #messages: Outlet
  readonly #notes: ((line: string) => void) | null

  /** @param notes writes a line to standard error; `null` drops notes. */
  constructor(messages: Outlet, notes: ((line: string) => void) | null) {
    this.#messages = messages
    this.#notes = notes
  }

  message(output: string | Uint8Array): Promise<void> {
    return this.#messages.write(output)
  }

  note(line: string): void {
    this.#notes?.(`* ${line}`)
  }
}
