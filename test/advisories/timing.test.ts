/**
 * Secrets that are compared character by character, so that the time tells how many were right
 * (CWE-208).
 *
 * CVE-2021-33880 (python-websockets: Basic authentication).
 *
 * Towpath itself knows no secrets of users; what it documents, people copy.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

import { blocksOfMarkdown } from '../../tools/code-blocks.ts'
import { listFiles } from '../../tools/list-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const SECRET = /secret|token|password|signature|credential|authorization|hmac|digest/i

/**
 * A line that mentions a secret and compares with an operator, unless it asks whether there is one
 * at all or what type it has.
 */
function comparesSecret(text: string): boolean {
  const line = text.replaceAll(/typeof [\w.]+ [!=]== '\w+'/g, '')
  return (
    SECRET.test(line) &&
    /[!=]==?\s/.test(line) &&
    !/[!=]== (?:null|undefined|''|0)/.test(line) &&
    !/^\s*(?:\/\/|\/?\*)/.test(line)
  )
}

function placesIn(file: string, text: string, firstLine = 1): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (comparesSecret(line) ? [`${file}:${firstLine + index}`] : []))
}

describe('advisory: timing', () => {
  it.each([
    ['if (token === expected) return', true],
    ['if (given !== signature) return', true],
    ['return headers.get("authorization") === `Bearer ${key}`', true],
    ['if (token !== null) return', false],
    ["if (typeof secret === 'string') return", false],
    ["if (typeof secret === 'string' && secret === expected) return", true],
    ['if (!timingSafeEqual(given, signature)) return', false],
  ])('what is looked for: %s', (line, expected) => {
    expect(comparesSecret(line)).toBe(expected)
  })

  it('no code in src/ compares a secret with an operator', () => {
    const places = listFiles(join(ROOT, 'src'), '.ts').flatMap((file) =>
      // A token here is a word of HTTP (RFC 9110 §5.6.2): a subprotocol, the name of an extension.
      placesIn(file, readFileSync(join(ROOT, 'src', file), 'utf8').replaceAll(/token/gi, 'word')),
    )

    expect(places).toEqual([])
  })

  it('no example compares a secret with an operator, and the one with a signature takes constant time', () => {
    const pages = [
      'README.md',
      ...listFiles(join(ROOT, 'docs'), '.md').map((file) => `docs/${file}`),
    ]
    const blocks = pages.flatMap((page) =>
      blocksOfMarkdown(page, readFileSync(join(ROOT, page), 'utf8')),
    )

    expect(blocks.flatMap(({ file, code, line }) => placesIn(file, code, line))).toEqual([])
    const signed = blocks.filter(({ code }) => code.includes('createHmac'))
    expect(signed.map(({ file }) => file)).toEqual(['docs/security.md'])
    expect(signed[0]?.code).toContain('timingSafeEqual(')
  })
})
