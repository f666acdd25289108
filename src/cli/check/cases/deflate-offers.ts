/**
 * Offers of permessage-deflate (RFC 7692 §7.1). The public suite has only valid offers.
 */

import { type HandshakeCase, handshakeCase } from '../check-case.ts'

/** Offers that a server must decline: a parameter is unknown, invalid or there twice. */
const INVALID = [
  'unknown',
  'unknown=1',
  'server_no_context_takeover=1',
  'client_no_context_takeover=0',
  'server_max_window_bits',
  'server_max_window_bits=7',
  'server_max_window_bits=16',
  'server_max_window_bits=08',
  'server_max_window_bits=1x',
  'server_max_window_bits=-9',
  'client_max_window_bits=7',
  'client_max_window_bits=16',
  'client_max_window_bits=09',
  'server_no_context_takeover; server_no_context_takeover',
  'client_no_context_takeover; client_no_context_takeover',
  'server_max_window_bits=10; server_max_window_bits=11',
  'client_max_window_bits; client_max_window_bits=12',
]

/** Returns the cases. The valid offers are with the messages, in `compression.ts`. */
export function deflateOfferCases(): HandshakeCase[] {
  return INVALID.map((parameters) =>
    handshakeCase(
      'deflate-offers',
      'RFC 7692 §7.1',
      'MUST',
      `the offer ${parameters} is declined`,
      'declines',
      { add: [`Sec-WebSocket-Extensions: permessage-deflate; ${parameters}`] },
      { needsDeflate: true },
    ),
  )
}
