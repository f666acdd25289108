/**
 * Echo servers that we did not write, and our own, for `towpath check` and `towpath bench`.
 *
 * Bun and uWebSockets.js are fetched as the benchmark does, Python's websockets with pip.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embeddedServer, permessageDeflate, WebSockets } from '../../src/index.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PYTHON_PACKAGES = join(ROOT, 'build/check-peers')
const WEBSOCKETS = '15.0.1'
const PEERS = join(ROOT, 'build/bench/peers')
const program = (name: string): string => join(ROOT, 'tools/peers', name)

/** A server that runs in a process of its own. */
export interface ForeignServer {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly version: () => string
}

/** All of them, with the defaults of their libraries but for compression and limits. */
export const FOREIGN_SERVERS: readonly ForeignServer[] = [
  {
    name: 'ws',
    command: [process.execPath, program('ws.mjs')],
    version: () => versionAt(ROOT, 'ws'),
  },
  {
    name: 'Bun',
    command: [join(PEERS, 'node_modules/@oven/bun-linux-x64/bin/bun'), program('bun.mjs')],
    version: () => versionAt(PEERS, '@oven/bun-linux-x64'),
  },
  {
    name: 'websockets',
    command: ['python3', program('websockets_server.py')],
    version: () => WEBSOCKETS,
  },
  {
    name: 'uWebSockets.js',
    command: [process.execPath, program('uws.mjs'), PEERS],
    version: () => versionAt(PEERS, '@trufflesuite/uws-js-unofficial'),
  },
]

/** Fetches what is missing. */
export function fetchForeignServers(): void {
  if (!existsSync(join(PYTHON_PACKAGES, `websockets-${WEBSOCKETS}.dist-info`))) {
    const command = ['-m', 'pip', 'install', '-q', '--target', PYTHON_PACKAGES]
    execFileSync('python3', [...command, `websockets==${WEBSOCKETS}`], { stdio: 'inherit' })
  }
  const fetching = "import('./bench/harness/prepare.mjs').then((module) => module.fetchPeers())"
  execFileSync(process.execPath, ['-e', fetching], { cwd: ROOT, stdio: 'ignore' })
}

/** @returns the version of a package that is installed at a place. */
function versionAt(place: string, specifier: string): string {
  const load = createRequire(join(place, 'package.json'))
  return (load(`${specifier}/package.json`) as { version: string }).version // npm's file
}

/** Starts a server, which prints its port and ends with its input, and stops it after `use`. */
export async function withForeignServer<T>(
  { command: [file, ...args] }: ForeignServer,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const env = { ...process.env, PYTHONPATH: PYTHON_PACKAGES }
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'ignore'] })
  try {
    const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string] // its arguments
    return await use(`ws://127.0.0.1:${port.trim()}/`)
  } finally {
    child.stdin.end()
  }
}

/** The same with our own server. */
export async function withOwnServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const limits = { maxMessageSize: 32 * 1024 * 1024, maxFragments: Infinity }
  const server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets, { ...limits, extensions: [permessageDeflate()] })
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
  try {
    return await use(`ws://127.0.0.1:${server.address.port}/`)
  } finally {
    await server.stop({ grace: 0 })
  }
}

/** @returns what the command line prints, whatever its exit code. */
export async function outputOfTowpath(args: readonly string[]): Promise<string> {
  const command = ['--import', 'tsx', join(ROOT, 'src/cli/towpath.ts'), ...args]
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: [...stdio] })
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8')) out += String(text)
  return out
}

/** Writes `text` between the two comments of a page that name its script. */
export function replaceInPage(page: string, script: string, text: string): void {
  const [begin, end] = [`<!-- ${script} -->`, `<!-- end of ${script.replace('npm run ', '')} -->`]
  const [before = '', rest = ''] = readFileSync(page, 'utf8').split(begin)
  const [, after = ''] = rest.split(end)
  writeFileSync(page, `${before}${begin}\n\n${text}\n\n${end}${after}`)
}
