/**
 * The one place that decides what carries a session on Node.
 */

import type { Duplex } from 'node:stream'

import type { Transport } from '../../session/index.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { StreamTransport } from './stream-transport.ts'

/**
 * Takes `stream` over as a transport: from here on nobody else may read, write or listen.
 *
 * @param head bytes that were read behind the request; they are delivered first.
 */
export function openTransport(stream: Duplex, head: Uint8Array, facts: ConnectionFacts): Transport {
  return new StreamTransport(stream, head, facts)
}
