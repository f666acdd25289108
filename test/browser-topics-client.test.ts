/**
 * What a page loads for topics: how much it is beside `connect`, and that it asks for nothing of
 * Node.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { bundle } from './support/bundle.ts'

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url))
const MAX_BYTES = 8 * 1024

const folder = mkdtempSync(join(tmpdir(), 'towpath-topics-'))

afterAll(() => rmSync(folder, { recursive: true }))

async function sizeOf(name: string, code: string): Promise<number> {
  const entry = join(folder, `${name}.ts`)
  writeFileSync(entry, code)
  const script = await bundle(entry)
  expect(script).not.toMatch(/\bfrom\s*["'`]|\bimport\b|\bBuffer\b|\bprocess\b/)
  return gzipSync(script, { level: 9 }).length
}

it('connectTopics() in a browser weighs at most 8 KiB beside connect', async () => {
  const connect = `export { connect } from '${SOURCES}browser-client.ts'\n`
  const topics = `export { connectTopics } from '${SOURCES}browser-topics-client.ts'\n`

  const [alone, both] = [await sizeOf('connect', connect), await sizeOf('both', connect + topics)]

  expect(both - alone).toBeLessThanOrEqual(MAX_BYTES)
})
