/**
 * The two encodings of the protocol, as the server uses them. An event is encoded once for all
 * clients of the process that use the same encoding.
 */

import { Frame } from '../../protocol/index.ts'
import type { Outbound } from '../../session/index.ts'
import { ByteWriter } from '../kind/numbers.ts'
import { prepare } from '../node/prepared.ts'
import type { FramedTopic } from '../node/run.ts'
import type { TopicEvent } from '../node/topic-event.ts'
import { toBase64 } from './base64.ts'
import { EVENT_TYPE, SERVER_LAYOUTS } from './binary-layouts.ts'
import { encodeBinary, type EnvelopedEvent } from './binary-messages.ts'
import {
  BINARY_PROTOCOL,
  type ClientMessage,
  type EventFields,
  JSON_PROTOCOL,
  type ServerMessage,
} from './messages.ts'
import { readBinaryClientMessage, readClientMessage } from './read-client-message.ts'

/** An answer to `history`, before its events are encoded. */
export interface HistoryAnswer extends Omit<
  Extract<ServerMessage, { type: 'history' }>,
  'events' | 'type'
> {
  readonly events: readonly TopicEvent[]
}

/** One encoding. */
export interface WireEncoding {
  /** @returns `null` for an invalid message. */
  read(frame: Frame): ClientMessage | null
  encode(message: ServerMessage): Outbound
  encodeEvent(topic: FramedTopic, event: TopicEvent): Outbound
  encodeHistory(answer: HistoryAnswer): Outbound
}

/** The names of the subprotocols, the one that the server prefers first. */
export const WIRE_PROTOCOLS: readonly string[] = [BINARY_PROTOCOL, JSON_PROTOCOL]

/** The encoding of a subprotocol. */
export function encodingOf(protocol: string | null): WireEncoding {
  return protocol === BINARY_PROTOCOL ? BINARY : JSON_ENCODING
}

const JSON_ENCODING: WireEncoding = {
  read: (frame) => (frame instanceof Frame.Text ? readClientMessage(frame.readText()) : null),
  encode: (message) => JSON.stringify(message),
  encodeEvent: ({ name }, event) =>
    event.frame(JSON_ENCODING, () => prepare(encodeEvent({ type: 'event', topic: name }, event))),
  encodeHistory: ({ events, ...answer }) => {
    const head = JSON.stringify({ type: 'history', ...answer })
    return `${head.slice(0, -1)},"events":[${events.map((event) => encodeEvent({}, event)).join()}]}`
  },
}

const BINARY: WireEncoding = {
  read: (frame) => (frame instanceof Frame.Binary ? readBinaryClientMessage(frame.buffer) : null),
  // Every message of the server has a layout.
  encode: (message) => encodeBinary(SERVER_LAYOUTS, { ...message }) ?? new Uint8Array(0),
  encodeEvent: ({ number }, event) =>
    event.frame(BINARY, () =>
      prepare(
        new ByteWriter()
          .byte(EVENT_TYPE)
          .number(number)
          .number(event.isLogged ? event.offset + 1 : 0)
          .bytes(event.message)
          .finish(),
      ),
    ),
  encodeHistory: ({ events, ...answer }) => {
    const enveloped = events.map(({ offset, message }): EnvelopedEvent => ({
      offset,
      envelope: message,
    }))
    const message = { type: 'history', ...answer, events: enveloped }
    return encodeBinary(SERVER_LAYOUTS, message) ?? new Uint8Array(0)
  },
}

/** The data of the event is inserted as it was stored: it is JSON, and is not parsed again. */
function encodeEvent(first: object, event: TopicEvent): string {
  const { at, key, publisher, data } = event.envelope
  const offset = event.isLogged ? event.offset : null
  const fields: EventFields = {
    offset,
    at,
    ...(key === null ? {} : { key }),
    ...(publisher === null ? {} : { publisher }),
  }
  const head = JSON.stringify({ ...first, ...fields })
  const { json } = event
  const body = json === null ? `"bytes":"${toBase64(data)}"` : `"data":${json}`
  return `${head.slice(0, -1)},${body}}`
}
