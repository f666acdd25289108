/**
 * A program of `test/support/programs`, run in a process of its own, which says what happens as
 * lines of JSON.
 */

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One line of a program. */
export interface ProgramEvent {
  readonly event: string
  readonly pid: number
  readonly [fact: string]: unknown
}

/** How a process ended: its code, or the signal that ended it. */
export type ProgramEnd = readonly [code: number | null, signal: NodeJS.Signals | null]

/**
 * A running program, at the head of a process group of its own. Disposing of it kills the group.
 */
export class Program implements AsyncDisposable {
  /** Resolves when the process has ended and nothing more will be said. */
  readonly ended: Promise<ProgramEnd>
  readonly #child: ChildProcess
  readonly #events: ProgramEvent[] = []
  #stderr = ''
  #isOver = false
  readonly #news = new EventEmitter()

  /**
   * Runs `<name>.ts` with `options` as its argument.
   *
   * @param inherited file descriptors of this process, which the program has as 3 and up.
   */
  constructor(name: string, options: object = {}, inherited: readonly number[] = []) {
    const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))
    const args = ['--import', 'tsx', path, JSON.stringify(options)]
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', ...inherited],
    }) as ChildProcessWithoutNullStreams // the first three are pipes
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    createInterface({ input: child.stdout }).on('line', (line) => {
      // Programs write nothing but events.
      this.#events.push(JSON.parse(line) as ProgramEvent)
      this.#news.emit('news')
    })
    child.stdin.on('error', () => {
      // It has ended, which whoever waits for it will hear.
    })
    this.ended = once(child, 'close').then((end) => {
      this.#isOver = true
      this.#news.emit('news')
      // `close` has these two arguments.
      return end as unknown as ProgramEnd
    })
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('Cannot start the program')
    return this.#child.pid
  }

  /** What was written to standard error. */
  get stderr(): string {
    return this.#stderr
  }

  /** All events of that name, so far. */
  all(event: string): readonly ProgramEvent[] {
    return this.#events.filter((each) => each.event === event)
  }

  /** Resolves with the `count`th event of that name, once it is there. */
  async next(event: string, count: number = 1): Promise<ProgramEvent> {
    for (;;) {
      const found = this.all(event)[count - 1]
      if (found !== undefined) return found
      if (this.#isOver) {
        throw new Error(`The program ended without "${event}": ${this.#describe()}`)
      }
      await once(this.#news, 'news')
    }
  }

  /** Writes a line to standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Sends `signal` to the process alone. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Sends `signal` to the process and everything it has started, as a terminal does. */
  signalAll(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.signalAll('SIGKILL')
    } catch {
      // Nobody of the group is left.
    }
    await this.ended
  }

  #describe(): string {
    return `${this.#events.map((each) => JSON.stringify(each)).join('\n')}\n${this.#stderr}`
  }
}
