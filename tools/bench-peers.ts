/**
 * Runs `towpath bench` against servers that we did not write, and against our own, and writes into
 * docs/cli.md what it counted. It is about correctness: the load is light, and no time is kept.
 *
 *     npm run bench:peers
 *
 * It takes less than a minute when the servers have been fetched.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  fetchForeignServers,
  FOREIGN_SERVERS,
  outputOfTowpath,
  replaceInPage,
  withForeignServer,
  withOwnServer,
} from './peers/servers.ts'
import { runTool } from './run-tool.ts'

const PAGE = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/cli.md')
const LIGHT = ['--connections', '20', '--rate', '1000', '--duration', '2', '--drain', '20000']

const LOADS: ReadonlyArray<readonly [name: string, args: readonly string[]]> = [
  ['binary, 64 bytes', []],
  ['text, 2000 bytes, compressed', ['--text', '--size', '2000', '--deflate']],
]

const COUNTS = ['sent', 'received', 'lost', 'duplicate', 'reordered', 'corrupt'] as const

async function main(): Promise<void> {
  fetchForeignServers()
  const rows: string[] = []
  for (const server of FOREIGN_SERVERS) {
    const name = `${server.name} ${server.version()}`
    rows.push(...(await withForeignServer(server, (url) => rowsOf(name, url))))
  }
  rows.push(...(await withOwnServer((url) => rowsOf('Towpath this version', url))))
  const table = [
    `| server | messages | ${COUNTS.join(' | ')} |`,
    `|---|---|${COUNTS.map(() => '---:').join('|')}|`,
    ...rows,
  ]
  replaceInPage(PAGE, 'npm run bench:peers', table.join('\n'))
}

async function rowsOf(server: string, url: string): Promise<string[]> {
  const rows: string[] = []
  for (const [name, args] of LOADS) {
    const out = await outputOfTowpath(['bench', url, '--json', ...LIGHT, ...args])
    const { counts } = JSON.parse(out) as { counts: Readonly<Record<string, number>> } // our output
    rows.push(`| ${server} | ${name} | ${COUNTS.map((each) => counts[each]).join(' | ')} |`)
  }
  return rows
}

await runTool(main)
