/**
 * Text that is safe to print. A peer's text must not move the cursor, change colours, set the title
 * of the terminal, or reorder what is written around it.
 */

/**
 * C0 and C1 controls, marks that change the direction of text, line separators, invisible tags, and
 * lone surrogates. Joiners stay: emoji need them.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Surrogate}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The engine ends the process if one call replaces many millions of characters. */
const SLICE_CHARACTERS = 65_536
const SLICE_BYTES = 65_536

/** Replaces each unsafe character with an escape: `\n`, `\x1b`, `\u{202e}`. */
export function printable(text: string): string {
  return replaceUnsafe(text, escapeOf)
}

/** The same, but line breaks stay: for text that this program has laid out. */
export function printableLines(text: string): string {
  return replaceUnsafe(text, (character) => (character === '\n' ? '\n' : escapeOf(character)))
}

function replaceUnsafe(text: string, escape: (character: string) => string): string {
  const slices: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + SLICE_CHARACTERS)
    // The two halves of a character stay together.
    if ((text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to += 1
    slices.push(text.slice(from, to).replaceAll(UNSAFE, escape))
    from = to
  }
  return slices.join('')
}

function escapeOf(character: string): string {
  const known = SHORT[character]
  if (known !== undefined) return known
  const code = character.codePointAt(0) ?? 0
  const digits = code.toString(16)
  return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`
}

/** Returns a URL without its name, password, query and fragment: these often hold a token. */
export function printableUrl(text: string): string {
  const { protocol, host, pathname, search } = new URL(text)
  return printable(`${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`)
}

/** Returns bytes as hex, in pairs: `01 ff`. With more than `limit` bytes, the rest is counted. */
export function hexOf(bytes: Uint8Array, limit: number = Infinity): string {
  const shown = bytes.subarray(0, Math.min(limit, bytes.length))
  const slices: string[] = []
  for (let from = 0; from < shown.length; from += SLICE_BYTES) {
    const { buffer, byteOffset, length } = shown.subarray(from, from + SLICE_BYTES)
    const digits = Buffer.from(buffer, byteOffset, length).toString('hex')
    slices.push((digits.match(/../g) ?? []).join(' '))
  }
  const pairs = slices.join(' ')
  return shown.length === bytes.length ? pairs : `${pairs} … ${bytes.length - shown.length} more`
}
