import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { needsBuild } from '../../tools/start.ts'

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** Makes a folder whose files were changed so many seconds after 1970. */
function folderWith(files: Readonly<Record<string, number>>): string {
  const root = mkdtempSync(join(tmpdir(), 'towpath-start-'))
  roots.push(root)
  for (const [file, changedAt] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), '')
    utimesSync(join(root, file), changedAt, changedAt)
  }
  return root
}

describe('needsBuild()', () => {
  it('needsBuild() is true in a fresh clone', () => {
    expect(needsBuild(folderWith({ 'src/index.ts': 1 }))).toBe(true)
  })

  it('needsBuild() is false when the compiled library is newer than every source', () => {
    const root = folderWith({ 'src/index.ts': 1, 'src/base/clock.ts': 2, 'dist/index.js': 3 })

    expect(needsBuild(root)).toBe(false)
  })

  it('needsBuild() is true when one source has changed since the last build', () => {
    const root = folderWith({ 'src/index.ts': 1, 'src/base/clock.ts': 4, 'dist/index.js': 3 })

    expect(needsBuild(root)).toBe(true)
  })
})
