/** The bytes in the read buffer of a socket. */

import type { Readable } from 'node:stream'

/**
 * Takes all bytes that `socket` holds, as one Buffer; `null` if there are none.
 *
 * The size is passed because `read()` without one returns a single chunk from Node 26 on, and all
 * of them before.
 *
 * @param socket without an encoding.
 */
export function takeBuffered(socket: Readable): Buffer | null {
  if (socket.readableLength === 0) return null
  // A stream without an encoding holds Buffers.
  return socket.read(socket.readableLength) as Buffer | null
}
