/**
 * Extensions for sessions, and the frames of a peer that uses permessage-deflate.
 */

import {
  type CompressionBudget,
  type ExtensionSession,
  permessageDeflate,
} from '../../src/extensions/index.ts'
import type { AgreedExtension } from '../../src/extensions/internal.ts'
import { hex } from './bytes.ts'
import { clientFrame } from './peer.ts'

/** permessage-deflate as a handshake without parameters agrees on it. */
export function deflate(engine: 'auto' | 'stream', budget?: CompressionBudget): AgreedExtension {
  const extension = permessageDeflate({
    engine,
    threshold: 0,
    serverMaxWindowBits: 15,
    ...(budget === undefined ? {} : { budget }),
  })
  const agreement = extension.accept([[]])
  if (agreement === null) throw new Error('declined')
  return { name: extension.name, reservedBits: 4, agreement }
}

/** A custom extension, agreed on. */
export function custom(
  reservedBits: number,
  session: Partial<ExtensionSession>,
  onOpen: () => void = () => {},
): AgreedExtension {
  const open = (): ExtensionSession => {
    onOpen()
    return { outgoing: () => {}, incoming: () => {}, dispose: () => {}, ...session }
  }
  return { name: 'custom', reservedBits, agreement: { parameters: [], open } }
}

/** A masked frame of a client with RSV1. */
export function compressedFrame(
  kind: 'text' | 'binary' | 'continuation' | 'ping' | 'close',
  payload: string | Uint8Array,
  fin = true,
): Uint8Array {
  const bytes = clientFrame(kind, typeof payload === 'string' ? hex(payload) : payload, { fin })
  bytes[0] = (bytes[0] ?? 0) | 0x40
  return bytes
}
