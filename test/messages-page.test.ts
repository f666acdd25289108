/**
 * What a page loads for typed messages.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle } from './support/bundle.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KIB = 1024
const FOLDER = mkdtempSync(join(tmpdir(), 'towpath-messages-'))

afterAll(() => rmSync(FOLDER, { recursive: true }))

/** A page, bundled as pages are. */
async function scriptOf(name: string, ...lines: readonly string[]): Promise<string> {
  const entry = join(FOLDER, `${name}.ts`)
  writeFileSync(entry, lines.join('\n').replaceAll('ROOT/', ROOT))
  return bundle(entry)
}

function gzipped(script: string): number {
  return gzipSync(script, { level: 9 }).length
}

const CLIENT = `export { connect, openWebSocket } from 'ROOT/src/browser-client.ts'`

const client = scriptOf('client', CLIENT)

/** What a page loads beside the client, in bytes. */
async function costOf(name: string, ...lines: readonly string[]): Promise<number> {
  const page = await scriptOf(name, CLIENT, ...lines)
  // Not one import is left, and the marks of no library: Zod's `_zod`, Valibot's `~run`,
  // ArkType's scopes.
  expect(/_zod|~run|ArkErrors|\bfrom\s*["'`]|\bBuffer\b|\bprocess\b/.test(page)).toBe(false)
  return gzipped(page) - gzipped(await client)
}

describe('typed messages in a page', () => {
  it('have no schema library in them', async () => {
    // The types of a contract whose schemas are Zod's: nothing of it is left at run time.
    const cost = await costOf(
      'typed',
      `export { typed, contractOf, RequestFailedError } from 'ROOT/src/messages/index.ts'`,
      `import type { chatContract } from 'ROOT/test/suites/messages/schemas.ts'`,
      'export type Chat = ReturnType<typeof chatContract>',
    )

    expect(cost).toBeLessThanOrEqual(10.3 * KIB)
  })

  // Each has a tenth to spare: versions of zlib differ. docs/messages.md has the same table.
  it.each([
    ['events and requests of a session', 5.9, 'typedPage'],
    ['these, and uploads', 6.3, 'typedPage, uploads'],
    ['these, and streams', 6.5, 'typedPage, streams'],
    ['these, and requests of the server', 8.7, 'typedPage, answers'],
    ['everything over a session', 9.1, 'typedPage, answers, streams, uploads'],
    ['events and requests of a connection', 6.8, 'typedPageConnection'],
    ['everything over a connection', 10.3, 'typedPageConnection, answers, keptStreams, uploads'],
  ])('cost for %s at most %d KiB, gzipped, beside the client', async (_, limit, names) => {
    const cost = await costOf(
      names.replaceAll(', ', '-'),
      `export { contractOf, ${names} } from 'ROOT/src/messages/page/index.ts'`,
    )

    expect(cost / KIB).toBeLessThanOrEqual(limit)
  })
})
