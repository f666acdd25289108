import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkImports } from '../../tools/check-imports.ts'

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/**
 * Writes a small tree of sources and returns what the check says, one `file:line: message` each.
 */
function check(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'towpath-imports-'))
  roots.push(root)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return checkImports(root).map(({ file, line, message }) => `${file}:${line}: ${message}`)
}

describe('checkImports()', () => {
  it('finds nothing in a tree that points down, through the doors', () => {
    const problems = check({
      'base/clock.ts': 'export interface Clock { now(): number }\n',
      'base/index.ts': "export type { Clock } from './clock.ts'\n",
      'extensions/internal.ts': "export { inflate } from './inflate.ts'\n",
      'extensions/inflate.ts': "import 'node:zlib'\nexport const inflate = 1\n",
      'session/session.ts':
        "import type { Clock } from '../base/index.ts'\nimport { inflate } from '../extensions/internal.ts'\nexport const a: Clock = { now: () => inflate }\n",
      'engines/memory/index.ts': "export { memory } from './memory.ts'\n",
      'engines/memory/memory.ts': "import 'node:stream'\nexport const memory = 1\n",
      'index.ts': "export { memory } from './engines/memory/index.ts'\n",
    })

    expect(problems).toEqual([])
  })

  it('rejects an import into a room of another folder', () => {
    const problems = check({
      'protocol/frames/index.ts': "export type { A } from './a.ts'\n",
      'protocol/frames/a.ts': 'export type A = 1\n',
      'session/a.ts': "import type { A } from '../protocol/frames/index.ts'\nexport type B = A\n",
    })

    expect(problems).toEqual([
      'session/a.ts:1: Cannot import "protocol/frames/index.ts" from another folder, expected its index.ts, internal.ts or portable.ts',
    ])
  })

  it('rejects a folder with more than 20 files', () => {
    const names = Array.from(
      { length: 21 },
      (_, at) => `protocol/a${String(at).padStart(2, '0')}.ts`,
    )

    expect(check(Object.fromEntries(names.slice(1).map((name) => [name, ''])))).toEqual([])
    expect(check(Object.fromEntries(names.map((name) => [name, ''])))).toEqual([
      'protocol/a00.ts:1: Cannot keep 21 files in "protocol", expected rooms of at most 20',
    ])
  })

  it('rejects an import of a higher level, of a type too', () => {
    const problems = check({
      'base/clock.ts': "import type { S } from '../session/index.ts'\nexport type C = S\n",
      'session/index.ts': "export type { S } from './session.ts'\n",
      'session/session.ts': 'export type S = 1\n',
    })

    expect(problems).toEqual([
      'base/clock.ts:1: Cannot import "session/index.ts" (level 2) from level 0, expected a lower level',
    ])
  })

  it('rejects an import of the same level, but for extensions in session', () => {
    const problems = check({
      'protocol/a.ts': "export type A = import('../channels/index.ts').B\n",
      'channels/index.ts': "export type { B } from './b.ts'\n",
      'channels/b.ts': 'export type B = 1\n',
      'extensions/a.ts': "import '../session/index.ts'\n",
      'session/index.ts': "export { a } from './a.ts'\n",
      'session/a.ts': 'export const a = 1\n',
    })

    expect(problems).toEqual([
      'extensions/a.ts:1: Cannot import "session/index.ts" (level 2) from level 2, expected a lower level',
      'protocol/a.ts:1: Cannot import "channels/index.ts" (level 1) from level 1, expected a lower level',
    ])
  })

  it('rejects an import of a file behind a door of another folder', () => {
    const problems = check({
      'base/clock.ts': 'export const clock = 1\n',
      'session/a.ts': "\nimport { clock } from '../base/clock.ts'\nexport const a = clock\n",
    })

    expect(problems).toEqual([
      'session/a.ts:2: Cannot import "base/clock.ts" from another folder, expected its index.ts, internal.ts or portable.ts',
    ])
  })

  it('rejects what should run in browsers and reaches a module of Node, but not for a type', () => {
    const problems = check({
      'protocol/portable.ts': "export { a } from './a.ts'\nexport type { B } from './memory.ts'\n",
      'protocol/a.ts': "import { b } from './memory.ts'\nexport const a = b\n",
      'protocol/memory.ts': "import 'node:buffer'\nexport const b = 1\nexport type B = 1\n",
      'engines/browser/open.ts':
        "import type { B } from '../../protocol/index.ts'\nexport const c: B = 1\n",
      'protocol/index.ts':
        "export type { B } from './memory.ts'\nexport { b } from './memory.ts'\n",
      'engines/browser/index.ts': "export { c } from './open.ts'\n",
      'browser-client.ts': "export { c } from './engines/browser/index.ts'\n",
    })

    expect(problems).toEqual([
      'protocol/portable.ts:1: Cannot run in a browser: protocol/portable.ts → protocol/a.ts → protocol/memory.ts → node:buffer',
    ])
  })

  it('rejects an engine that imports another engine', () => {
    const problems = check({
      'engines/node/a.ts': "import { m } from '../memory/index.ts'\nexport const a = m\n",
      'engines/memory/index.ts': "export { m } from './m.ts'\n",
      'engines/memory/m.ts': 'export const m = 1\n',
    })

    expect(problems).toEqual([
      'engines/node/a.ts:1: Cannot import "engines/memory/index.ts" from "engines/node": the two do not know each other',
    ])
  })

  it('rejects a circle of files, of types too, and reports it once', () => {
    const problems = check({
      'base/a.ts': "import type { B } from './b.ts'\nexport type A = B | 1\n",
      'base/b.ts': "import type { C } from './c.ts'\nexport type B = C | 2\n",
      'base/c.ts': "export type { A as C } from './a.ts'\n",
    })

    expect(problems).toEqual([
      'base/a.ts:1: Cannot import in a circle: base/a.ts → base/b.ts → base/c.ts → base/a.ts',
    ])
  })

  it('rejects modules of Node and packages where no table lists them', () => {
    const problems = check({
      'protocol/handshake/accept-key.ts':
        "import { createHash } from 'node:crypto'\nimport 'node:fs'\n",
      'session/a.ts': "export const a = import('node:net')\nimport 'ws'\n",
      'application/routes.ts': "import { createRouter } from 'rou3'\n",
      'base/a.ts': "import 'rou3'\n",
    })

    expect(problems).toEqual([
      'base/a.ts:1: Cannot import the package "rou3" here: it is not in the table of packages',
      'protocol/handshake/accept-key.ts:2: Cannot import "node:fs" here: the core is handed what it needs from outside',
      'session/a.ts:1: Cannot import "node:net" here: the core is handed what it needs from outside',
      'session/a.ts:2: Cannot import the package "ws" here: it is not in the table of packages',
    ])
  })

  it('rejects anything in a door but named re-exports', () => {
    const problems = check({
      'base/a.ts': 'export const a = 1\n',
      'base/index.ts': "export * from './a.ts'\nexport { a } from './a.ts'\n",
      'base/internal.ts':
        "import { a } from './a.ts'\nexport const b = a\nexport * as c from './a.ts'\n",
    })

    expect(problems).toEqual([
      'base/index.ts:1: Cannot have this in a door: it holds named re-exports only',
      'base/internal.ts:1: Cannot have this in a door: it holds named re-exports only',
      'base/internal.ts:2: Cannot have this in a door: it holds named re-exports only',
      'base/internal.ts:3: Cannot have this in a door: it holds named re-exports only',
    ])
  })

  it('rejects a file that is not there, another ending, and a folder without a level', () => {
    const problems = check({
      'base/a.ts': "import './gone.ts'\nimport './b.js'\n",
      'utils/a.ts': 'export const a = 1\n',
    })

    expect(problems).toEqual([
      'base/a.ts:1: Cannot import "./gone.ts": there is no such file',
      'base/a.ts:2: Cannot import "./b.js": relative imports end in .ts',
      'utils/a.ts:1: Cannot place "utils/a.ts": its folder has no level, expected one of the layer table',
    ])
  })
})
