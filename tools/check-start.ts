/**
 * Checks what a person does first: `npm start`, a look at the page, Ctrl-C. The command must say
 * what it does before it loads anything. The server must say where it listens, serve its pages, and
 * end with exit code 0; on a port that is in use it must end with 1.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DEADLINE_MS = 120_000

const started: ChildProcess[] = []

async function main(): Promise<void> {
  const server = start('npm', ['start'], '0')
  const address = await readAddress(server)
  console.log(`listens on ${address}`)

  for (const page of ['/', '/chat/', '/echo/']) await expectPage(new URL(page, address))

  const second = start(process.execPath, ['tools/start.mjs'], new URL(address).port)
  expectExitCode(await exitCodeOf(second), 1, 'a server on a port that is in use')

  // As a terminal does it: to every process of the group.
  if (server.pid !== undefined) process.kill(-server.pid, 'SIGINT')
  expectExitCode(await exitCodeOf(server), 0, 'npm start after Ctrl-C')
}

function start(command: string, args: readonly string[], port: string): ChildProcess {
  const child = spawn(command, args, {
    cwd: ROOT,
    // A group of its own, so that a signal reaches npm and what npm has started, and nothing else.
    detached: true,
    env: { ...process.env, PORT: port },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  return child
}

/**
 * Resolves with the first address that the server prints. Its output is read to the end, as a
 * terminal does.
 */
function readAddress(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    server.stdout?.on('data', (chunk) => {
      output += String(chunk)
      if (!output.includes('Starting the examples')) return
      const [, address] = /(http:\/\/\S+)\s/.exec(output) ?? []
      if (address !== undefined) resolve(address)
    })
    server.once('exit', () => {
      reject(new Error(`Cannot find where the server listens, expected an address in: ${output}`))
    })
  })
}

async function expectPage(url: URL): Promise<void> {
  const response = await fetch(url)
  const text = await response.text()
  if (response.status !== 200 || !text.includes('<html')) {
    throw new Error(`Cannot see the page ${url.href}: status ${response.status}`)
  }
  console.log(`${url.pathname}: ${response.status}, ${text.length} characters`)
}

async function exitCodeOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? child.signalCode
}

function expectExitCode(
  code: number | NodeJS.Signals | null,
  expected: number,
  what: string,
): void {
  if (code !== expected)
    throw new Error(`Cannot accept exit code ${code} of ${what}, expected ${expected}`)
  console.log(`${what}: exit code ${expected}`)
}

const deadline = setTimeout(() => {
  console.error(`Cannot wait for longer than ${DEADLINE_MS / 1000} s`)
  process.exitCode = 1
  abandon()
}, DEADLINE_MS)

/** Ends what is still running of the groups that were started. */
function abandon(): void {
  for (const { pid } of started) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // Nothing of that group is left, as it should be.
    }
  }
}

await runTool(main)
clearTimeout(deadline)
abandon()
