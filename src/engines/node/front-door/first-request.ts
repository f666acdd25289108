/** What both front doors have in common: which requests are theirs, and their own answers. */

import { HttpHeaders } from '../../../protocol/index.ts'
import { listHas } from '../../../protocol/internal.ts'

/** Limits on the head of a request. */
export interface FrontDoorLimits {
  /** In bytes; a longer head goes to the HTTP server, which answers 431. */
  readonly maxHeadSize: number
  /** From the connection to the end of the head, in milliseconds; then the client gets 408. */
  readonly headLimitMs: number
  /** How often connections are checked against `headLimitMs`, in milliseconds. */
  readonly checkMs: number
}

// What Node's server answers in the same cases.

export const REQUEST_TIMEOUT: Uint8Array = Buffer.from(
  'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
)
export const BAD_REQUEST: Uint8Array = Buffer.from(
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
)

/** Whether both headers are there that make an upgrade to our protocol. */
export function asksForUpgrade(rawHeaders: readonly string[]): boolean {
  const headers = new HttpHeaders(rawHeaders)
  const protocol = headers.get('upgrade')
  if (protocol !== 'websocket' && protocol?.toLowerCase() !== 'websocket') return false
  // Node answers `Expect` before any listener sees the request.
  return listHas(headers.get('connection') ?? '', 'upgrade') && !headers.has('expect')
}
