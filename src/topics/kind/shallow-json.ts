/**
 * JSON that cannot overflow the stack of the code that it is passed to.
 *
 * `JSON.parse` accepts any depth. `JSON.stringify`, schemas and other recursive functions throw a
 * `RangeError` for a value that is nested too deeply, which looks like a fault of the application.
 */

/** How deeply arrays and objects may be nested. */
export const MAX_DEPTH = 500

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** @throws {SyntaxError} for a text that is not JSON, or is nested more than `MAX_DEPTH` levels. */
export function parseShallow(text: string): unknown {
  // Each level takes two characters: most texts are too short to be deep.
  if (text.length > 2 * MAX_DEPTH && isDeep(text)) {
    throw new SyntaxError(`Cannot read JSON: it is nested more than ${MAX_DEPTH} levels`)
  }
  return JSON.parse(text)
}

function isDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) depth++
    else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** The index of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  }
  return at
}
