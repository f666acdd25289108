/**
 * The prompt of an interactive session: lines of the user, with a history that is kept in a file,
 * and output above the line that is being typed.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline'

import type { World } from '../world.ts'
import type { Screen } from './screen.ts'

const PROMPT = '> '
const MAX_HISTORY_LINES = 1000
const OWNER_ONLY = 0o600

/** An open prompt. Disposing of it gives the terminal back. */
export class Prompt implements Screen, Disposable {
  readonly #interface: Interface
  readonly #lines: AsyncIterable<string>
  readonly #output: World['stdout']
  readonly #isTerminal: boolean
  #isOpen = true
  #isReading = false

  /**
   * @param historyFile the path of the history; `null`: none is kept.
   * @param interrupted called for Ctrl-C.
   */
  constructor(world: World, historyFile: string | null, interrupted: () => void) {
    this.#output = world.stdout
    this.#isTerminal = world.stdout.isTTY === true
    this.#interface = createInterface({
      input: world.stdin,
      output: world.stdout,
      terminal: this.#isTerminal,
      prompt: PROMPT,
      history: historyFile === null ? [] : readHistory(historyFile),
      historySize: MAX_HISTORY_LINES,
      removeHistoryDuplicates: true,
    })
    const lines = this.#interface[Symbol.asyncIterator]()
    // Begun at once: a line that is typed while the connection is being made is not lost.
    this.#lines = { [Symbol.asyncIterator]: () => lines }
    this.#interface.on('SIGINT', interrupted)
    this.#interface.on('close', () => (this.#isOpen = false))
    if (historyFile === null) return
    this.#interface.on('history', (lines: string[]) => writeHistory(historyFile, lines))
  }

  /** Calls `perform` with each line of the user, until Ctrl-D or the end of this prompt. */
  async read(perform: (line: string) => Promise<void>): Promise<void> {
    this.#isReading = true
    this.#interface.prompt()
    for await (const line of this.#lines) {
      await perform(line)
      if (this.#isOpen) this.#interface.prompt()
    }
  }

  message(output: string | Uint8Array): Promise<void> {
    this.#above(`< ${typeof output === 'string' ? output : Buffer.from(output).toString('latin1')}`)
    return Promise.resolve()
  }

  note(line: string): void {
    this.#above(`* ${line}\n`)
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) this.#interface.close()
    // The cursor stands behind the prompt.
    if (this.#isTerminal) this.#eraseLine()
  }

  #above(text: string): void {
    if (this.#isTerminal && this.#isReading) this.#eraseLine()
    this.#output.write(text)
    if (this.#isOpen && this.#isReading) this.#interface.prompt(true)
  }

  #eraseLine(): void {
    cursorTo(this.#output, 0)
    clearLine(this.#output, 0)
  }
}

/** Returns the lines of the history, the newest first, as `node:readline` wants them. */
function readHistory(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).reverse()
  } catch {
    return [] // there is none yet
  }
}

/** What was typed may be secret: only the owner may read it. */
function writeHistory(path: string, newestFirst: readonly string[]): void {
  const text = [...newestFirst].reverse().join('\n')
  try {
    writeFileSync(path, `${text}\n`, { mode: OWNER_ONLY })
  } catch {
    // A session without a history is better than none.
  }
}
