/**
 * A message of a topic without history, as nodes send it to each other: the publisher's name and
 * number, and the envelope.
 */

import { ByteReader, ByteWriter } from '../../kind/numbers.ts'

/** One message. */
export interface WireMessage {
  /** Names the node's life as a publisher of the topic. */
  readonly sender: string
  /** Grows by 1 with each message of the sender on the topic. */
  readonly sequence: number
  /** A view of the message. */
  readonly envelope: Uint8Array
}

/** @returns fresh memory. */
export function encodeWireMessage({ sender, sequence, envelope }: WireMessage): Uint8Array {
  return new ByteWriter().text(sender).number(sequence).bytes(envelope).finish()
}

/** @throws {MalformedBytesError} for bytes that are no message. */
export function decodeWireMessage(bytes: Uint8Array): WireMessage {
  const reader = new ByteReader(bytes)
  return { sender: reader.text(), sequence: reader.number(), envelope: reader.rest() }
}
