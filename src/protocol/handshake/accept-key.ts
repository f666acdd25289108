/**
 * The proof that a server has understood a handshake (RFC 6455 §1.3, §4.2.2).
 */

import { hash } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Returns the `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return hash('sha1', key + GUID, 'base64')
}

/** Whether `key` is the base64 of 16 bytes, in its one canonical form (§4.1). */
export function isKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key)
}
