import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { PAGE_HEADERS, PAGE_HTML } from '../../src/inspector/page.ts'
import { PAGE_SCRIPT, PAGE_STYLE } from '../../src/inspector/page-source.ts'

const POLICY = new Map(PAGE_HEADERS).get('content-security-policy') ?? ''
const KIB = 1024

function hashesIn(tag: string): string[] {
  const found = PAGE_HTML.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, 'g'))
  return [...found].map(
    ([, source = '']) => `'sha256-${createHash('sha256').update(source).digest('base64')}'`,
  )
}

describe('the page', () => {
  it('D-16 allows its one script and its one style by hash, and nothing else', () => {
    const directives = POLICY.split('; ')

    expect(directives).toEqual([
      "default-src 'none'",
      `script-src ${hashesIn('script').join(' ')}`,
      `style-src ${hashesIn('style').join(' ')}`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ])
  })

  it('D-16 loads nothing: no URL of another place, no attribute with a script or a style', () => {
    const markup = PAGE_HTML.replaceAll(/<(script|style)[^>]*>[^]*?<\/\1>/g, '')

    expect(markup).not.toMatch(/\son\w+=|\sstyle=|\ssrc=/)
    expect(markup.match(/href="(?!data:)/)).toBe(null)
    expect(PAGE_STYLE).not.toMatch(/url\(|@import/)
  })

  it('has the licences of preact and uPlot', () => {
    expect(PAGE_SCRIPT).toMatch(/^\/\*!\npreact 11\.2\.0\n/)
    expect(PAGE_SCRIPT).toContain('uplot 1.6.32')
    expect(PAGE_SCRIPT).toContain('Copyright (c) 2015-present Jason Miller')
    expect(PAGE_SCRIPT).toContain('Leon Sorokin')
  })

  it('has at most 40 KiB, gzipped', () => {
    const gzipped = gzipSync(PAGE_HTML, { level: 9 }).length

    console.log(`the inspector's page: ${(gzipped / KIB).toFixed(1)} KiB gzipped`)
    expect(gzipped / KIB).toBeLessThanOrEqual(40)
  })
})
