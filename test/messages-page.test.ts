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

describe('towpath/messages in a page', () => {
  it('costs at most 9.1 KiB, gzipped, beside the client, and has no schema library in it', async () => {
    const client = await scriptOf('client', CLIENT)
    // The types of a contract whose schemas are Zod's: nothing of it is left at run time.
    const page = await scriptOf(
      'page',
      CLIENT,
      `export { typed, contractOf, RequestFailedError } from 'ROOT/src/messages/index.ts'`,
      `import type { chatContract } from 'ROOT/test/suites/messages/schemas.ts'`,
      'export type Chat = ReturnType<typeof chatContract>',
    )

    // Not one import is left, and the marks of no library: Zod's `_zod`, Valibot's `~run`,
    // ArkType's scopes.
    expect(/_zod|~run|ArkErrors|\bfrom\s*["'`]|\bBuffer\b|\bprocess\b/.test(page)).toBe(false)
    expect(gzipped(page) - gzipped(client)).toBeLessThanOrEqual(9.1 * KIB)
  })
})
