/**
 * The examples as `npm start` runs them: a process of its own, straight from the sources.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What a process left behind. */
export interface Ending {
  readonly exitCode: number | null
  readonly stderr: string
}

/** A process that runs, or has ended. */
export interface ExamplesProcess {
  /** The line that it printed; `null` when it ended without one. */
  readonly line: string | null

  /** The address in that line, such as `http://127.0.0.1:40123/`; `''` when there is none. */
  readonly url: string

  readonly ending: Promise<Ending>

  /** Sends the signal, and waits for the end. */
  stop(signal: 'SIGINT' | 'SIGTERM'): Promise<Ending>
}

/** Starts the examples, and waits until they say where they listen or give up. */
export async function startExamples(environment: {
  readonly PORT: string
  readonly HOST?: string
}): Promise<ExamplesProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/start.ts'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ending = end(child)
  const line = await Promise.race([firstLine(child), ending.then(() => null)])

  return {
    line,
    url: line?.split(' ').at(-1) ?? '',
    ending,
    stop(signal) {
      child.kill(signal)
      return ending
    },
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new TypeError('Cannot read stdout: it is not a pipe')
  const [line]: unknown[] = await once(createInterface(stdout), 'line')
  return String(line)
}

async function end(child: ChildProcess): Promise<Ending> {
  if (child.stderr === null) throw new TypeError('Cannot read stderr: it is not a pipe')
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, stderr }
}
