import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
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

describe('npm start', () => {
  it('npm start in a clone without node_modules ends with 1 and names npm ci', () => {
    const root = folderWith({ 'tools/start.mjs': 1 })
    const program = join(root, 'tools/start.mjs')
    copyFileSync(fileURLToPath(new URL('../../tools/start.mjs', import.meta.url)), program)

    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' })

    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'Cannot start the examples: the development tools are not installed, ' +
        'expected "npm ci" first\n',
    })
  })
})
