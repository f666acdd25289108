/**
 * The pages of the site, as `site/pages.mjs` writes them. It needs nothing that is not installed
 * here, so dead links are found without building the site.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { slugOf, slugsOf } from '../../site/slugs.mjs'

const PROGRAM = fileURLToPath(new URL('../../site/pages.mjs', import.meta.url))

describe('the pages of the site', () => {
  let folder: string
  const page = (path: string): string => readFileSync(join(folder, path), 'utf8')

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'towpath-pages-'))
  })

  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('no link of a page is dead, and none names a heading that is missing', () => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, folder], { encoding: 'utf8' })

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('pages have no code that readers need not see', () => {
    const text = page('getting-started.md')

    expect(text).toContain('```ts\nimport { Frame, WebSockets, embeddedServer }')
    expect(text).not.toMatch(/<!--|```ts run|```ts test/)
  })

  it('links lead to pages of the site, and a file of the repository is only named', () => {
    expect(page('index.md')).toContain('(./getting-started.md)')
    expect(page('index.md')).toContain('(./project/design.md)')
    expect(page('index.md')).not.toContain('(LICENSE)')
    expect(page('overview.md')).toContain('(./examples/index.md)')
    expect(page('examples/index.md')).toContain('(./chat.md)')
  })

  it('every link between pages leads to a page, also one whose text is code', () => {
    const dead: string[] = []
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.md')) continue
      for (const prose of page(path).split(/^ *```[^]*?^ *```$/m)) {
        for (const [, target = ''] of prose.matchAll(/\]\(([^)\s#]+\.md)(?:#[^)\s]*)?\)/g)) {
          const isElsewhere = /^[a-z]+:/.test(target)
          if (!isElsewhere && !existsSync(join(folder, dirname(path), target))) {
            dead.push(`${path}: ${target}`)
          }
        }
      }
    }

    expect(dead).toEqual([])
    expect(page('inspector.md')).toContain('](./examples/inspector.md)')
  })

  it('llms.txt lists the pages with a sentence each, and llms-full.txt has them all', () => {
    expect(page('public/llms.txt')).toMatch(/^# Towpath\n\n> A WebSocket framework for TypeScript/)
    expect(page('public/llms.txt')).toMatch(/^- \[Closing\]\(\/closing\.html\): [A-Z].+[.:]$/m)
    expect(page('public/llms-full.txt')).toContain(page('closing.md'))
  })
})

describe('slugOf()', () => {
  it.each([
    ['Who may connect', 'who-may-connect'],
    ['`close(reason)`', 'closereason'],
    ['Bun 1.4, Deno & Node', 'bun-14-deno--node'],
    ['Why not …', 'why-not-'],
    ['snake_case-name', 'snake_case-name'],
  ])('slugOf(%j) is %j, as on GitHub', (heading, slug) => {
    expect(slugOf(heading)).toBe(slug)
  })
})

describe('slugsOf()', () => {
  it('slugsOf() numbers a heading that occurs again, and reads no code', () => {
    const text = '# One\n\n```sh\n# no heading\n```\n\n## Two\n\n## Two\n'

    expect([...slugsOf(text)]).toEqual(['one', 'two', 'two-1'])
  })
})
