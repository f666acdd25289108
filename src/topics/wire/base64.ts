/**
 * Bytes as base64 (RFC 4648 §4), in JSON. Portable: no `Buffer`.
 */

const CHUNK = 8192
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK))
  }
  return btoa(binary)
}

/** @returns `null` for a text that is not base64. */
export function fromBase64(text: string): Uint8Array | null {
  return BASE64.test(text) ? readBase64(text) : null
}

/** As `fromBase64`, for a text of a server. @throws {DOMException} for most that are not base64. */
export function readBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
