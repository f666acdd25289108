/**
 * The proof that a server has understood a handshake (RFC 6455 §1.3, §4.2.2).
 */

import { hash } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Returns the `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return hash('sha1', key + GUID, 'base64')
}

/** 16 bytes in base64: 22 characters and `==`. */
const KEY_CHARACTERS = 22

/**
 * Whether `key` is the base64 of 16 bytes, in its one canonical form (§4.1): the last character has
 * four bits that are zero.
 */
export function isKey(key: string): boolean {
  if (key.length !== KEY_CHARACTERS + 2 || !key.endsWith('==')) return false
  for (let at = 0; at < KEY_CHARACTERS - 1; at++) {
    if (IS_BASE64[key.charCodeAt(at)] !== true) return false
  }
  return LAST_CHARACTERS.includes(key.charAt(KEY_CHARACTERS - 1))
}

/** The characters whose last four bits are zero. */
const LAST_CHARACTERS = 'AQgw'

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Whether base64 has a character, indexed by character code. */
const IS_BASE64: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  BASE64.includes(String.fromCharCode(code)),
)
