/**
 * Servers that we did not write, each in a process of its own that says its port in its first line
 * and ends when its input ends.
 */

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What a server may be unable to do. */
export type ServerInability = 'fragments' | 'empty' | 'libraryCodes'

/** A kind of server. */
export interface ForeignServer {
  readonly name: string
  /** Why something is left out of its tests. */
  readonly cannot: Partial<Record<ServerInability, string>>
  /** Resolves with a reason when it cannot be started here; otherwise it runs. */
  start(): Promise<RunningServer | string>
}

/** A server that runs. */
export interface RunningServer {
  /** `ws://127.0.0.1:…`, without a slash at the end. */
  readonly url: string
  /** What it tells of the next session of `/told` that ends. */
  nextEnding(): Promise<{ readonly code: number; readonly reason: string }>
  stop(): void
}

const program = (name: string): string => fileURLToPath(new URL(`servers/${name}`, import.meta.url))

/** Debian's, for which the package is installed, whatever other Python comes first in the path. */
const PYTHON = '/usr/bin/python3'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Where the benchmark keeps what is on no package registry of ours. */
const PEERS = `${ROOT}build/bench/peers`

/** All servers that our client is tried out with. */
export const FOREIGN_SERVERS: readonly ForeignServer[] = [
  { name: 'ws', cannot: {}, start: () => start(process.execPath, [program('ws.mjs')]) },
  {
    name: 'Python’s websockets',
    cannot: { empty: 'it always sends a code' },
    start: () => start(PYTHON, [program('websockets_server.py')]),
  },
  {
    name: 'Bun',
    cannot: {
      fragments: 'it sends no fragments',
      empty: 'it always sends a code',
    },
    start: () => startPeer(`${PEERS}/node_modules/@oven/bun-linux-x64/bin/bun`, ['bun.mjs']),
  },
  {
    name: 'uWebSockets.js',
    cannot: { libraryCodes: 'it takes codes from 3000 to 3999 for none' },
    start: () =>
      startPeer(
        `${PEERS}/node_modules/@trufflesuite/uws-js-unofficial/binaries/uws_${process.platform}_${process.arch}_${process.versions.modules}.node`,
        ['uws.mjs', PEERS],
        process.execPath,
      ),
  },
]

/** Fetches the benchmark's peers if they are not there. */
async function startPeer(
  file: string,
  [name = '', ...rest]: readonly string[],
  command: string = file,
): Promise<RunningServer | string> {
  if (!existsSync(file)) {
    const fetching = "import('./bench/harness/prepare.mjs').then((module) => module.fetchPeers())"
    try {
      execFileSync(process.execPath, ['-e', fetching], { cwd: ROOT, stdio: 'ignore' })
    } catch {
      return 'it cannot be fetched here'
    }
  }
  if (!existsSync(file)) return 'there is no build of it for this machine'
  return start(command, [program(name), ...rest])
}

async function start(command: string, given: readonly string[]): Promise<RunningServer | string> {
  const child: ChildProcessWithoutNullStreams = spawn(command, given)
  let complaints = ''
  child.on('error', (error) => (complaints += error.message))
  child.stderr.on('data', (text) => (complaints += String(text)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value: port, done } = await lines.next()
  if (done === true) return `it does not start: ${complaints}`
  return {
    url: `ws://127.0.0.1:${port}`,
    async nextEnding() {
      const { value } = await lines.next()
      // It is JSON of our own program.
      return JSON.parse(String(value)) as { code: number; reason: string }
    },
    stop: () => void child.stdin.end(),
  }
}
