/**
 * docs/rfc-map.md tells the truth as far as that can be checked: what it names is there.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const rows = readFileSync(join(ROOT, 'docs/rfc-map.md'), 'utf8')
  .split('\n')
  .filter(
    (line) => line.startsWith('|') && !/^\|[-|]+$/.test(line) && !/^\| (§|Family) \|/.test(line),
  )

describe('docs/rfc-map.md', () => {
  it('names files that are there', () => {
    const paths = rows.flatMap((row) => row.match(/`(?:src|test)\/[^`]+`/g) ?? [])
    const missing = paths
      .map((path) => path.slice(1, -1))
      .filter((path) => !existsSync(join(ROOT, path)))

    expect(paths.length).toBeGreaterThan(150)
    expect(missing).toEqual([])
  })

  it('names tests by titles that are in their files', () => {
    const wrong = rows.flatMap((row) =>
      [...row.matchAll(/`((?:test|src\/cli\/check\/cases)\/[^`]+)` “([^”]+)”/g)]
        .filter(
          ([, path = '', title = '']) => !readFileSync(join(ROOT, path), 'utf8').includes(title),
        )
        .map(([, path, title]) => `${path}: ${title}`),
    )

    expect(wrong).toEqual([])
  })

  it('says of each requirement where it is kept and what shows it, or why not', () => {
    const requirements = rows.filter((row) => /^\| [\d., ]+ \| [MS–] \|/.test(row))
    const silent = requirements.filter((row) => {
      const [, , , , kept = '', shown = ''] = row.split(/(?<!\\) ?\| ?/)
      const isShown = shown.includes('`test/') || shown.includes('`src/cli/check/cases/')
      const isKept = kept.includes('`src/') && isShown
      return !isKept && !/not (?:done, because|yet:|ours:)/.test(kept)
    })

    expect(requirements.length).toBeGreaterThan(90)
    expect(silent).toEqual([])
  })
})
