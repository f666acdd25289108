import { describe, expect, it } from 'vitest'
import { hexOf, printable, printableLines, printableUrl } from '../../src/cli/printable.ts'

describe('printableUrl()', () => {
  it.each([
    ['wss://ada:pw@a.example:8443/chat?token=s3cret#top', 'wss://a.example:8443/chat?…'],
    ['ws://[::1]:80/', 'ws://[::1]/'],
    ['ws://a.example', 'ws://a.example/'],
  ])('returns %s as %s', (url, shown) => {
    expect(printableUrl(url)).toBe(shown)
  })
})

describe('printable()', () => {
  it.each([
    ['a\nb\tc\r', String.raw`a\nb\tc\r`],
    ['\u001b[31mred', String.raw`\x1b[31mred`],
    ['\u0000\u007f\u009b', String.raw`\x00\x7f\x9b`],
    ['user\u202Egnp.exe', String.raw`user\u{202e}gnp.exe`],
    ['\u2066\u2069\u200f', String.raw`\u{2066}\u{2069}\u{200f}`],
    ['\u{e0041}', String.raw`\u{e0041}`],
    ['\ud800', String.raw`\u{d800}`],
  ])('escapes %j', (text, escaped) => {
    expect(printable(text)).toBe(escaped)
  })

  it('leaves all other text, emoji with joiners too', () => {
    const text = 'Grüße, 世界 👩‍🚀 \\n {"a":1}'

    expect(printable(text)).toBe(text)
  })

  it('escapes everything that ECMA-48 calls a control', () => {
    const controls = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i)]

    const escaped = printable(String.fromCharCode(...controls))

    expect(escaped).toMatch(/^[\x20-\x7e]+$/)
  })

  it('escapes a long text as a short one, and keeps characters of two halves whole', () => {
    const start = `${'x'.repeat(65_535)}\u{1f600}`

    const escaped = printable(`${start}${'\u0001'.repeat(70_000)}\ud83d`)

    expect(escaped === `${start}${'\\x01'.repeat(70_000)}\\u{d83d}`).toBe(true)
  })
})

describe('printableLines()', () => {
  it('keeps the line breaks of the layout', () => {
    expect(printableLines('{\n  "\u009b": 1\n}')).toBe('{\n  "\\x9b": 1\n}')
  })
})

describe('hexOf()', () => {
  it('returns pairs, and counts the rest past the limit', () => {
    expect(hexOf(Uint8Array.of(0, 255))).toBe('00 ff')
    expect(hexOf(new Uint8Array(5), 2)).toBe('00 00 … 3 more')
    expect(hexOf(new Uint8Array(0))).toBe('')
  })

  it('returns all pairs of many bytes', () => {
    const hex = hexOf(new Uint8Array(200_000).fill(0xab))

    expect(hex === Array.from({ length: 200_000 }, () => 'ab').join(' ')).toBe(true)
  })
})
