/**
 * The labels in the names of tests (`S-14`, `Handshake 3`) lead to a sentence in the documentation.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { listFiles } from '../../tools/list-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A label that begins the name of a test, after `it('`, `it.each(…)('` or `describe('`. */
const LABEL_OF_TEST = /\(\s*['"`]((?:[A-Z]-\d{2,3})|(?:Handshake \d+))\b/g

/** A label that a page explains: in bold, at the beginning of a sentence. */
const LABEL_OF_PAGE = /\*\*((?:[A-Z]-\d{2,3})|(?:Handshake \d+))\b/g

function labelsIn(folder: string, extension: string, pattern: RegExp): Set<string> {
  const labels = new Set<string>()
  for (const file of listFiles(join(ROOT, folder), extension)) {
    const text = readFileSync(join(ROOT, folder, file), 'utf8')
    for (const [, label = ''] of text.matchAll(pattern)) labels.add(label)
  }
  return labels
}

/** `S` of `S-14`, `Handshake` of `Handshake 3`. */
function seriesOf(label: string): string {
  return label.split(/[- ]/, 1)[0] ?? label
}

describe('docs/contract.md', () => {
  const explained = labelsIn('docs', '.md', LABEL_OF_PAGE)
  const used = labelsIn('test', '.ts', LABEL_OF_TEST)

  it('explains every label in the name of a test', () => {
    // A part of Towpath whose page is not written yet has a series that no page explains.
    const series = new Set([...explained].map(seriesOf))
    const unexplained = [...used].filter(
      (label) => series.has(seriesOf(label)) && !explained.has(label),
    )

    expect(unexplained).toEqual([])
    expect(used.size).toBeGreaterThan(50)
  })

  it('has the 54 sentences of the page that Towpath was built from, each once', () => {
    const text = readFileSync(join(ROOT, 'docs/contract.md'), 'utf8')
    const numbers = [...text.matchAll(/\*\*S-(\d\d)\*\*/g)].map(([, number]) => Number(number))

    expect(numbers).toEqual(Array.from({ length: 54 }, (_, index) => index + 1))
  })
})
