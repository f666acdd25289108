/**
 * `typedChannels`: values in the place of frames, with one schema for each direction. Any peer that
 * speaks the wire format will do: there are no names, requests or ids.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ReceiveChannel, SendChannel, SendOptions, TrySendResult } from '../channels/index.ts'
import { writableOf } from '../channels/internal.ts'
import type { ClientSession } from '../client/index.ts'
import type { Frame } from '../protocol/index.ts'
import { TextFrame } from '../protocol/portable.ts'
import { type Check, checkOf, isPromise, type Validated } from '../schema/index.ts'
import type { WebSocketSession } from '../session/index.ts'
import { type Codec, json } from './codec.ts'
import { Order } from './link/order.ts'
import type { LinkPort } from './link/port.ts'
import { type CarrierSession, failSession, sessionPort } from './link/session-port.ts'

/** What travels in each direction. */
export interface ChannelSchemas<I extends StandardSchemaV1, O extends StandardSchemaV1> {
  readonly incoming: I
  /** Absent: what is sent is not validated. */
  readonly outgoing?: O
  /** @defaultValue json */
  readonly codec?: Codec
}

/** A session as two channels of values. */
export interface TypedChannels<I extends StandardSchemaV1, O extends StandardSchemaV1> {
  /** What arrives, validated. Takes from `incoming` of the session, whose bounds hold. */
  readonly incoming: ReceiveChannel<StandardSchemaV1.InferOutput<I>>
  readonly outgoing: SendChannel<StandardSchemaV1.InferInput<O>>
  /** As `outgoing.send`. */
  readonly send: (value: StandardSchemaV1.InferInput<O>, options?: SendOptions) => Promise<void>
}

const ACT = 'use typed channels'
const UNACCEPTABLE = 1003
const INVALID_DATA = 1007
const POLICY = 1008

/**
 * Shows `session` as channels of values.
 *
 * An incoming value that does not match its schema ends the session with 1008, one that the codec
 * cannot read with 1007, and a frame of the wrong kind with 1003; `incoming` then ends normally. A
 * page sends 4008, 4007 and 4003. A value that is sent and does not match is rejected with
 * `InvalidMessageError`.
 *
 * Ktor: `sendSerialized` and `receiveDeserialized`.
 */
export function typedChannels<I extends StandardSchemaV1, O extends StandardSchemaV1>(
  session: WebSocketSession | ClientSession,
  schemas: ChannelSchemas<I, O>,
): TypedChannels<I, O> {
  const { incoming, outgoing: outgoingSchema = null, codec = json } = schemas
  const check = checkOf(incoming)
  const receive = (frame: Frame): Received | Promise<Received> => {
    const payload = frame instanceof TextFrame ? frame.readText() : frame.buffer
    if ((typeof payload === 'string') !== (codec.frame === 'text')) {
      return failWith(session, UNACCEPTABLE, 'Not a frame of the codec')
    }
    let value: unknown
    try {
      value = codec.decode(payload)
    } catch {
      return failWith(session, INVALID_DATA, 'Not a value of the codec')
    }
    const validated = check(value)
    return isPromise(validated)
      ? validated.then((settled) => toReceived(session, settled))
      : toReceived(session, validated)
  }
  const outgoing = new TypedOutgoing(session, outgoingSchema, codec)
  return {
    // The values of `Received` are outputs of the schema.
    incoming: session.incoming.mapNotNull(receive).map(({ value }) => value) as ReceiveChannel<
      StandardSchemaV1.InferOutput<I>
    >,
    outgoing,
    send: (value, options) => outgoing.send(value, options),
  }
}

/** A value in a box: `null` and `undefined` are values too. */
interface Received {
  readonly value: unknown
}

function toReceived(session: CarrierSession, validated: Validated): Received {
  if (validated.issues === null) return { value: validated.value }
  return failWith(session, POLICY, 'Invalid message')
}

/** Ends the session. What is received next is the end. */
function failWith(session: CarrierSession, code: number, message: string): Received {
  failSession(session, code, message)
  return NOTHING_RECEIVED
}

// `mapNotNull` drops it. Its type is that of the others, for one branch and not two.
const NOTHING_RECEIVED = null as unknown as Received

/** Values on their way out, in the order of the calls. */
class TypedOutgoing implements SendChannel<unknown> {
  readonly #session: CarrierSession
  readonly #check: Check | null
  readonly #codec: Codec
  readonly #order: Order
  readonly #port: LinkPort

  constructor(session: CarrierSession, schema: StandardSchemaV1 | null, codec: Codec) {
    this.#session = session
    this.#check = schema === null ? null : checkOf(schema)
    this.#codec = codec
    this.#port = sessionPort(ACT, session)
    this.#order = new Order({ side: 'server', contract: null, validatesOutgoing: true })
    void session.closed.then(() => this.#order.end(() => this.#port.turn()))
  }

  get isClosedForSend(): boolean {
    return this.#session.outgoing.isClosedForSend
  }

  send(value: unknown, options?: SendOptions): Promise<void> {
    const signal = options?.signal
    const transmit = (valid: unknown): Promise<void> =>
      this.#port.send(this.#codec.encode(valid), signal)
    return this.#order.sendInOrder('value', this.#check, value, transmit, signal)
  }

  trySend(value: unknown): TrySendResult {
    const validated = this.#order.validateNow('value', this.#check, value)
    const wire = this.#codec.encode(validated)
    return this.#order.isWaiting ? 'full' : this.#session.outgoing.trySend(wire)
  }

  close(cause?: Error | null): boolean {
    return this.#session.outgoing.close(cause)
  }

  writable(): WritableStream<unknown> {
    return writableOf(this)
  }
}
