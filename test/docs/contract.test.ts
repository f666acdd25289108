/**
 * The labels in the names of tests (`S-14`, `Handshake 3`, `T-11`) and the sentences of
 * docs/contract.md, in both directions.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { listFiles } from '../../tools/list-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const LABEL = /[A-Z]-\d{2,3}|Handshake \d+|Stopping/

/** Labels that begin the name of a test, after `it('`, `it.each(…)('` or `describe('`. */
const LABELS_OF_TEST = new RegExp(
  `\\(\\s*['"\`]((?:${LABEL.source})(?:(?: and|,)? (?:${LABEL.source}))*)(?=[:\\s'"\`])`,
  'g',
)

/** A label that the page explains: in bold at the beginning of a sentence, or as a heading. */
const LABEL_OF_PAGE = new RegExp(`(?:^- \\*\\*(${LABEL.source})\\*\\*)|(?:^## (Stopping)$)`, 'gm')

/** Returns every label in the name of a test, once. */
function labelsOfTests(): Set<string> {
  const labels = new Set<string>()
  for (const file of listFiles(join(ROOT, 'test'), '.ts')) {
    const text = readFileSync(join(ROOT, 'test', file), 'utf8')
    for (const [, run = ''] of text.matchAll(LABELS_OF_TEST)) {
      for (const [label] of run.matchAll(new RegExp(LABEL, 'g'))) labels.add(label)
    }
  }
  return labels
}

/** Returns the labels that the page explains, in order. */
function labelsOfPage(): string[] {
  const text = readFileSync(join(ROOT, 'docs/contract.md'), 'utf8')
  return [...text.matchAll(LABEL_OF_PAGE)].map(([, inBold, heading]) => inBold ?? heading ?? '')
}

describe('docs/contract.md', () => {
  const explained = labelsOfPage()
  const used = labelsOfTests()

  it('explains every label in the name of a test', () => {
    expect([...used].filter((label) => !explained.includes(label))).toEqual([])
    expect(used.size).toBeGreaterThan(100)
  })

  it('has a test for every sentence', () => {
    expect(explained.filter((label) => !used.has(label))).toEqual([])
  })

  it.each([
    ['S-', 54],
    ['M-', 32],
    ['T-', 61],
    ['E-', 57],
  ])('numbers the sentences with %s from 1 to %i, each once', (series, count) => {
    const numbers = explained
      .filter((label) => label.startsWith(series))
      .map((label) => Number(label.slice(series.length)))

    expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  })
})
