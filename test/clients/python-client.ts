/**
 * Python's `websockets` (Debian: python3-websockets), in a process that is told what to do.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Ending, ForeignClient } from './client.ts'

/** Debian's, for which the package is installed, whatever other Python comes first in the path. */
const PYTHON = '/usr/bin/python3'
const PROGRAM = fileURLToPath(new URL('python/websockets_client.py', import.meta.url))

interface Message {
  readonly text?: string
  readonly base64?: string
}

/** Starts Python and drives its client. */
export function startPythonClient(): ForeignClient {
  const python = new Commanded(spawn(PYTHON, [PROGRAM]))
  return {
    name: 'python3-websockets',
    async echo(url, message, fragments) {
      const command = { do: 'echo', url, message: toWire(message), fragments }
      // The program answers each command with what its function of that name returns.
      return fromWire((await python.run(command)) as Message)
    },
    async receive(url) {
      // As above.
      return fromWire((await python.run({ do: 'receive', url })) as Message)
    },
    async ping(url, text) {
      return String(await python.run({ do: 'ping', url, text }))
    },
    async close(url, code, reason) {
      // As above.
      return (await python.run({ do: 'close', url, code: code ?? 1000, reason })) as Ending
    },
    async waitForClose(url) {
      // As above.
      return (await python.run({ do: 'wait_for_close', url })) as Ending
    },
    stop: () => python.stop(),
  }
}

/** A process that takes one command per line and answers each with one line, in order. */
class Commanded {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>
  #complaints = ''

  constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process
    this.#answers = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
    process.stderr.on('data', (text) => (this.#complaints += String(text)))
  }

  /** One at a time. */
  async run(command: object): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`)
    const { value, done } = await this.#answers.next()
    if (done === true) throw new Error(`The client ended: ${this.#complaints}`)
    // It is JSON of our own program.
    const answer = JSON.parse(value) as { result: unknown; error?: string }
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.result
  }

  stop(): void {
    this.#process.stdin.end()
  }
}

function toWire(message: string | Buffer): Message {
  return typeof message === 'string' ? { text: message } : { base64: message.toString('base64') }
}

function fromWire({ text, base64 = '' }: Message): string | Buffer {
  return text ?? Buffer.from(base64, 'base64')
}
