/**
 * Runs `towpath check` against servers that we did not write, and against our own, and writes what
 * they do differently into docs/cli.md.
 *
 *     npm run check:peers
 *
 * It fetches Bun and uWebSockets.js as the benchmark does, and Python's websockets with pip. It
 * takes some minutes.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FAMILIES } from '../src/cli/check/check-case.ts'
import { type CaseResult, countVerdicts, VERDICTS } from '../src/cli/check/check-result.ts'
import {
  fetchForeignServers,
  FOREIGN_SERVERS,
  outputOfTowpath,
  replaceInPage,
  withForeignServer,
  withOwnServer,
} from './peers/servers.ts'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(ROOT, 'docs/cli.md')
const MARK = 'npm run check:peers'

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
  fetchForeignServers()
  const peers: Peer[] = []
  for (const server of FOREIGN_SERVERS) {
    const results = await withForeignServer(server, check)
    peers.push({ name: server.name, version: server.version(), results })
  }
  const results = await withOwnServer(check)
  peers.push({ name: 'Towpath', version: 'this version', results })
  replaceInPage(PAGE, MARK, tables(peers))
}

async function check(url: string): Promise<readonly CaseResult[]> {
  const out = await outputOfTowpath(['check', url, '--json', '--deadline', '10000'])
  return (JSON.parse(out) as { cases: readonly CaseResult[] }).cases // our own output
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
