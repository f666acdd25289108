/**
 * The two encodings of the protocol, as a client uses them.
 */

import type { ClientSession } from '../../client/portable.ts'
import { toBase64 } from '../wire/base64.ts'
import { CLIENT_LAYOUTS, SERVER_LAYOUTS } from '../wire/binary-layouts.ts'
import {
  decodeWith,
  encodeWith,
  readServerField,
  writeClientField,
} from '../wire/binary-messages.ts'
import { BINARY_PROTOCOL, type ServerMessage } from '../wire/messages.ts'

/** A message of the client, checked by its types where it is made. */
export type ClientFields = Readonly<Record<string, unknown>>

type Frame = Awaited<ReturnType<ClientSession['incoming']['receive']>>

/** One encoding, for one connection. */
export interface ClientEncoding {
  encode(message: ClientFields): string | Uint8Array
  /** @returns `null` for a message that this client does not know. */
  read(frame: Frame): ServerMessage | null
}

/** The encoding of the subprotocol that the server has chosen. */
export function createClientEncoding(protocol: string | null): ClientEncoding {
  return protocol === BINARY_PROTOCOL ? new BinaryEncoding() : JSON_ENCODING
}

const JSON_ENCODING: ClientEncoding = {
  encode: (message) =>
    JSON.stringify(
      message['bytes'] instanceof Uint8Array
        ? { ...message, bytes: toBase64(message['bytes']) }
        : message,
    ),
  read(frame) {
    if (!('readText' in frame)) return null
    try {
      const message: unknown = JSON.parse(frame.readText())
      // The client trusts the server with the fields of the messages of this version.
      return typeof message === 'object' ? (message as ServerMessage | null) : null
    } catch {
      return null // not JSON
    }
  },
}

/** Events name their topic by a number, which `subscribed` tells on the same connection. */
class BinaryEncoding implements ClientEncoding {
  readonly #topics = new Map<unknown, unknown>()

  encode(message: ClientFields): Uint8Array {
    // The client sends nothing that has no layout.
    return encodeWith(CLIENT_LAYOUTS, message, writeClientField) ?? new Uint8Array(0)
  }

  read(frame: Frame): ServerMessage | null {
    if ('readText' in frame || !('buffer' in frame)) return null
    try {
      const message = decodeWith(SERVER_LAYOUTS, frame.buffer, JSON.parse, readServerField)
      if (message?.['type'] === 'event') return this.#named(message)
      if (message?.['type'] === 'subscribed') {
        this.#topics.set(message['number'], message['topic'])
      }
      return message as ServerMessage | null // see above
    } catch {
      return null // not a message
    }
  }

  #named(event: ClientFields): ServerMessage | null {
    const topic = this.#topics.get(event['number'])
    return topic === undefined ? null : ({ ...event, topic } as ServerMessage)
  }
}
