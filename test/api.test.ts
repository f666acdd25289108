/**
 * The reports of the public API, `api/*.api.md`. That they equal what the compiler emits is checked
 * by `npm run api:check`, which needs a build; here is what they must say in any case.
 */

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { browserEntryPoints, entryPoints } from '../tools/entry-points.ts'

const reports = [...entryPoints(), ...browserEntryPoints()].map(({ name }) => ({
  name,
  url: new URL(`../api/${name}.api.md`, import.meta.url),
}))

describe('the public API', () => {
  for (const { name, url } of reports) {
    it(`of ${name} has a report`, () => {
      expect(existsSync(url)).toBe(true)
    })

    it(`of ${name} has a doc comment on every exported name`, () => {
      expect(undocumentedNames(readFileSync(url, 'utf8'))).toEqual([])
    })
  }
})

/**
 * Names of which no declaration is documented. One of them is enough: a type and a constant of one
 * name are one thing, `Frame` and `FrameType` for example.
 */
function undocumentedNames(report: string): string[] {
  const declarations = report.matchAll(
    /^\/\/ @public( \(undocumented\))?.*\n(?:\/\/.*\n)*export (?:declare )?(?:abstract )?\w+ (\w+)/gm,
  )
  const documented = new Map<string, boolean>()
  for (const [, undocumented, name = ''] of declarations) {
    documented.set(name, documented.get(name) === true || undocumented === undefined)
  }
  return [...documented].flatMap(([name, isDocumented]) => (isDocumented ? [] : [name]))
}
