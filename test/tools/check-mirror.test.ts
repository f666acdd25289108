import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkMirror } from '../../tools/check-mirror.ts'

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

function check(
  files: Readonly<Record<string, string>>,
  exceptions: { untested?: string[]; extra?: string[] } = {},
): string[] {
  const root = mkdtempSync(join(tmpdir(), 'towpath-mirror-'))
  roots.push(root)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return checkMirror(join(root, 'src'), join(root, 'test'), {
    untested: exceptions.untested ?? [],
    extra: exceptions.extra ?? [],
  })
}

describe('checkMirror()', () => {
  it('accepts tested files, doors, files of types, and tests outside the folders of src', () => {
    const problems = check({
      'src/base/a.ts': 'export const a = 1',
      'src/base/index.ts': "export { a } from './a.ts'",
      'src/base/types-of-b.ts': 'export interface B {}\nexport type C = B',
      'src/index.ts': "export { a } from './base/index.ts'",
      'test/base/a.test.ts': '',
      'test/suites/engine.test.ts': '',
      'test/docs.test.ts': '',
    })

    expect(problems).toEqual([])
  })

  it('names a source without a test and a test without a source', () => {
    const problems = check({
      'src/base/a.ts': 'export const a = 1',
      'test/base/b.test.ts': '',
    })

    expect(problems).toEqual([
      'Cannot find the test of src/base/a.ts, expected test/base/a.test.ts',
      'Cannot find the source of test/base/b.test.ts, expected src/base/b.ts',
    ])
  })

  it('accepts what is excepted, and rejects an exception that is not needed', () => {
    const files = {
      'src/base/a.ts': 'export const a = 1',
      'test/base/b.test.ts': '',
    }

    expect(check(files, { untested: ['base/a.ts'], extra: ['base/b.test.ts'] })).toEqual([])
    expect(
      check(files, {
        untested: ['base/a.ts', 'base/gone.ts'],
        extra: ['base/b.test.ts', 'base/gone.test.ts'],
      }),
    ).toEqual([
      'Cannot need the exception for src/base/gone.ts: it has a test, or is gone',
      'Cannot need the exception for test/base/gone.test.ts: it has a source, or is gone',
    ])
  })
})
