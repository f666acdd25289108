/**
 * Runs `programs/stoppable-server.ts`.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** How the process ended, and what it said last. */
export interface StoppedServer {
  readonly exitCode: number | null
  readonly stderr: string
  readonly counts: { readonly sessions: number; readonly closed: number; readonly aborted: number }
  /** Messages that `send` had accepted, by the id of the session. */
  readonly accepted: Readonly<Record<string, number>>
}

/** A server that runs. */
export interface StoppableServer {
  readonly port: number
  /** Tells it to stop, and waits for the end of the process. */
  stop(signal: 'SIGTERM' | 'SIGINT'): Promise<StoppedServer>
  /** Ends it, if it still runs. */
  kill(): void
}

/** Starts it, and waits until it listens. */
export async function startStoppableServer(): Promise<StoppableServer> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/support/programs/stoppable-server.ts'],
    {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const closed = once(child, 'close')
  const stderr = text(child.stderr)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async <Facts>(): Promise<Facts> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`The server has ended: ${await stderr}`)
    return JSON.parse(value) as Facts // what the program says in its header
  }
  const { port } = await next<{ port: number }>()
  return {
    port,
    async stop(signal) {
      child.kill(signal)
      const { counts, accepted } = await next<Pick<StoppedServer, 'counts' | 'accepted'>>()
      await closed
      return { exitCode: child.exitCode, stderr: await stderr, counts, accepted }
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
