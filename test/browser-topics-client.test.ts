/**
 * What a page loads for topics: how much it is beside `connect`, and that it asks for nothing of
 * Node.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { bundle } from './support/bundle.ts'

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url))
const MAX_BYTES = 8 * 1024

const folder = mkdtempSync(join(tmpdir(), 'towpath-topics-'))

afterAll(() => rmSync(folder, { recursive: true }))

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

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

it('connectTopics() uses WebSocket where the browser has WebSocketStream too', async () => {
  const made: string[] = []
  const recorded = (name: string): unknown =>
    class {
      url = 'wss://example.com/live'
      constructor() {
        made.push(name)
        throw new Error('It connects nowhere')
      }
    }
  vi.stubGlobal('WebSocket', recorded('WebSocket'))
  vi.stubGlobal('WebSocketStream', recorded('WebSocketStream'))
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal('removeEventListener', () => {})
  const { connectTopics } = await import('../src/browser-topics-client.ts')

  const { connection } = connectTopics('wss://example.com/live')
  // Refused by the constructor: it does not try again.
  await connection.closed

  expect(made).toEqual(['WebSocket'])
})
