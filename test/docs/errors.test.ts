/**
 * `docs/errors.md` and the classes of errors in `src/`, in both directions: no error without a row,
 * no row without an error, and the code of each is the one that its class has.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { listFiles } from '../../tools/list-files.ts'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))
const PAGE = fileURLToPath(new URL('../../docs/errors.md', import.meta.url))

describe('docs/errors.md', () => {
  it('has a row for each class of error with a code, and for nothing else', () => {
    expect(errorsOfPage()).toEqual(errorsOfSources())
  })

  it('names only fields and members that its classes have', () => {
    const text = sourceTexts().join('\n')
    const unknown = rowsOfPage().flatMap(({ name, cells }) =>
      // The first two cells are the class and its code; a lone word in code is a name of ours.
      [
        ...cells
          .slice(2)
          .join(' ')
          .matchAll(/`([a-z]\w*)`/gi),
      ]
        .map(([, word = '']) => word)
        .filter((word) => !new RegExp(`\\b${word}\\b`).test(text))
        .map((word) => `${name}: ${word}`),
    )

    expect(unknown).toEqual([])
  })
})

function errorsOfPage(): string[] {
  return rowsOfPage()
    .map(({ name, code }) => `${name} ${code}`)
    .sort()
}

function rowsOfPage(): Array<{ name: string; code: string; cells: string[] }> {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [, name, code] = /^\| `(\w+)` \| `(TOWPATH_[A-Z_]+)` \|/.exec(line) ?? []
    if (name === undefined || code === undefined) return []
    return [{ name, code, cells: line.split(' | ') }]
  })
}

/** Each class with the code that follows it, up to the next class. */
function errorsOfSources(): string[] {
  return sourceTexts()
    .flatMap((text) => [
      ...text.matchAll(
        /class (\w+)(?:(?!\bclass )[^])*?\n {2}(?:override )?readonly code(?:: string)? = '(TOWPATH_[A-Z_]+)'/g,
      ),
    ])
    .map(([, name, code]) => `${name} ${code}`)
    .sort()
}

function sourceTexts(): string[] {
  return listFiles(SOURCES, '.ts').map((path) => readFileSync(`${SOURCES}/${path}`, 'utf8'))
}
