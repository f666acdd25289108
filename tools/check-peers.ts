/**
 * Runs `towpath check` against servers that we did not write, and against our own, and writes what
 * they do differently into docs/cli.md.
 *
 *     npm run check:peers
 *
 * It fetches Bun and uWebSockets.js as the benchmark does, and Python's websockets with pip. It
 * takes some minutes.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FAMILIES } from '../src/cli/check/check-case.ts'
import { type CaseResult, countVerdicts, VERDICTS } from '../src/cli/check/check-result.ts'
import { embeddedServer, permessageDeflate, WebSockets } from '../src/index.ts'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(ROOT, 'docs/cli.md')
const BEGIN = '<!-- npm run check:peers -->'
const END = '<!-- end of check:peers -->'
const PYTHON_PACKAGES = join(ROOT, 'build/check-peers')
const WEBSOCKETS = '15.0.1'

const PEERS = join(ROOT, 'build/bench/peers')
const program = (name: string): string => join(ROOT, 'tools/peers', name)

const SERVERS: ReadonlyArray<{
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly version: () => string
}> = [
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

/** The families whose cases are listed by their names. */
const NAMED: readonly string[] = ['handshake', 'smuggling', 'closing']

/** Families that repeat others, or depend on the limits of a server. */
const LEFT_OUT: readonly string[] = ['slow', 'limits']

interface Peer {
  readonly name: string
  readonly version: string
  readonly results: readonly CaseResult[]
}

async function main(): Promise<void> {
  fetchPython()
  const fetching = "import('./bench/harness/prepare.mjs').then((module) => module.fetchPeers())"
  execFileSync(process.execPath, ['-e', fetching], { cwd: ROOT, stdio: 'ignore' })
  const peers: Peer[] = []
  for (const { name, command, version } of SERVERS) {
    peers.push({ name, version: version(), results: await checkForeign(command) })
  }
  peers.push({ name: 'Towpath', version: 'this version', results: await checkOwn() })
  const page = readFileSync(PAGE, 'utf8')
  const [before = '', rest = ''] = page.split(BEGIN)
  const [, after = ''] = rest.split(END)
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${tables(peers)}\n\n${END}${after}`)
}

function fetchPython(): void {
  if (existsSync(join(PYTHON_PACKAGES, `websockets-${WEBSOCKETS}.dist-info`))) return
  const command = ['-m', 'pip', 'install', '-q', '--target', PYTHON_PACKAGES]
  execFileSync('python3', [...command, `websockets==${WEBSOCKETS}`], { stdio: 'inherit' })
}

/** @returns the version of a package that is installed at a place. */
function versionAt(place: string, specifier: string): string {
  const load = createRequire(join(place, 'package.json'))
  return (load(`${specifier}/package.json`) as { version: string }).version // npm's file
}

/** Starts a server, which prints its port and ends with its input. */
async function checkForeign([file, ...args]: readonly [string, ...string[]]): Promise<
  readonly CaseResult[]
> {
  const env = { ...process.env, PYTHONPATH: PYTHON_PACKAGES }
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'ignore'] })
  const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string] // its arguments
  const results = await check(`ws://127.0.0.1:${port.trim()}/`)
  child.stdin.end()
  return results
}

async function check(url: string): Promise<readonly CaseResult[]> {
  const program = join(ROOT, 'src/cli/towpath.ts')
  const args = ['--import', 'tsx', program, 'check', url, '--json', '--deadline', '10000']
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8')) out += String(text)
  return (JSON.parse(out) as { cases: readonly CaseResult[] }).cases // our own output
}

async function checkOwn(): Promise<readonly CaseResult[]> {
  const limits = { maxMessageSize: 32 * 1024 * 1024, maxFragments: Infinity }
  const server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets, { ...limits, extensions: [permessageDeflate()] })
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
  const results = await check(`ws://127.0.0.1:${server.address.port}/`)
  await server.stop({ grace: 0 })
  return results
}

/** How many cases have each verdict, and what is behind `fail`. */
function tables(peers: readonly Peer[]): string {
  const names = peers.map(({ name, version }) => `${name} ${version}`)
  const counts = VERDICTS.map((verdict) => {
    const cells = peers.map(({ results }) => `${countVerdicts(results)[verdict]}`)
    return `| \`${verdict}\` | ${cells.join(' | ')} |`
  })
  const foreign = peers.filter(({ name }) => name !== 'Towpath')
  return [
    `| verdict | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...counts,
    '',
    'Cases that failed, by what the server did. The number is the number of cases.',
    '',
    `| grade | section | case | what it did | ${foreign.map(({ name }) => name).join(' | ')} |`,
    `|---|---|---|---|${foreign.map(() => '---:').join('|')}|`,
    ...rows(foreign),
  ].join('\n')
}

function rows(peers: readonly Peer[]): string[] {
  const counts = new Map<string, number[]>()
  for (const family of FAMILIES.filter((each) => !LEFT_OUT.includes(each))) {
    peers.forEach(({ results }, peer) => {
      for (const result of results) {
        if (result.family !== family || result.verdict !== 'fail') continue
        const count = counts.get(keyOf(result)) ?? peers.map(() => 0)
        count[peer] = (count[peer] ?? 0) + 1
        counts.set(keyOf(result), count)
      }
    })
  }
  return [...counts].map(([key, count]) => {
    return `${key} | ${count.map((each) => (each === 0 ? '' : `${each}`)).join(' | ')} |`
  })
}

function keyOf({ family, name, grade, section, why }: CaseResult): string {
  // One row for all values of a header.
  const plain = name
    .replace(/^(the )?version [^ ,]+/, 'another version')
    .replace(
      /^a Sec-WebSocket-Key that .* is refused/,
      'a Sec-WebSocket-Key that is invalid is refused',
    )
  const what = NAMED.includes(family) ? plain : `cases of \`${family}\``
  const safe = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  return `| ${grade} | ${section} | ${safe(what)} | ${safe(why.replace(/^it /, ''))}`
}

await runTool(main)
