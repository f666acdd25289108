/** Tokens (RFC 9110 §5.6.2): names in headers, and subprotocols (RFC 6455 §4.1). */

const PUNCTUATION = "!#$%&'*+-.^_`|~"

/** Whether a token may contain a character, indexed by character code. */
const IS_TOKEN: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return PUNCTUATION.includes(character) || /[0-9A-Za-z]/.test(character)
})

/** Whether a character may be part of a token. */
export function isTokenCharacter(code: number): boolean {
  return IS_TOKEN[code] === true
}

/** Whether `text` is a token: not empty, with only letters, digits and some punctuation. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (!isTokenCharacter(text.charCodeAt(at))) return false
  }
  return text.length > 0
}
