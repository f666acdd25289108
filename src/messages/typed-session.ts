/**
 * What users see of typed messages over a session or a connection.
 */

import type { Duration } from '../base/index.ts'
import type { ReceiveChannel, SendOptions, TrySendResult } from '../channels/index.ts'
import type { Codec } from './codec.ts'
import type { ContractShape } from './contract-shape.ts'
import type { InvalidFact } from './errors.ts'
import type {
  EventInput,
  EventName,
  Handlers,
  Incoming,
  ItemOutput,
  RequestInput,
  RequestName,
  ResponseOutput,
  Settled,
  Side,
  StreamName,
  UploadOf,
} from './message-types.ts'
import type { PreparedMessage } from './prepare.ts'

/** The options of `typed` and `typedConnection`. */
export interface TypedOptions {
  /**
   * The codecs of this side; the agreed subprotocol says which one is used. @defaultValue [json]
   */
  readonly codecs?: readonly Codec[]

  /**
   * How long `request` waits for its answer; above 0. `null`: as long as the session lasts.
   * Streams have no limit but what their own call says.
   *
   * @defaultValue 30 seconds
   */
  readonly requestTimeout?: Duration | null

  /**
   * Requests under way in each direction: a whole number above 0. Past it our own requests wait,
   * and those of the peer are answered with `BUSY`.
   *
   * @defaultValue 64
   */
  readonly maxRequests?: number

  /**
   * Items of one stream or upload on their way or unread: a whole number above 0. @defaultValue 16
   */
  readonly credit?: number

  /**
   * How many bytes are read past a full `incoming` while answers are awaited, a message counting
   * as 64 at least: a whole number, 0 or above. Past it reading stops.
   *
   * @defaultValue 1 MiB (1048576)
   */
  readonly readAhead?: number

  /**
   * What this side validates. What a server sends is then the output of its schema: keys that a
   * schema strips never leave.
   *
   * @defaultValue a server: 'both'; a client: 'none'
   */
  readonly validate?: 'both' | 'incoming' | 'none'

  /**
   * What happens at an invalid event: the session ends with 1008 (4008 from a page), or the event
   * is dropped.
   *
   * @defaultValue a server: 'close'; a client: 'ignore'
   */
  readonly invalidEvents?: 'close' | 'ignore'

  /**
   * Called for each invalid message that arrives. If it throws, the error is reported as a
   * handler's failure.
   */
  readonly onInvalid?: (fact: InvalidFact) => void
}

/** How a request is asked. */
export interface RequestOptions {
  /** Cancels the request: the call rejects with the reason, and the peer gets a `.cancel`. */
  readonly signal?: AbortSignal
  /**
   * In the place of `requestTimeout`; `null`: no limit. The time also counts while the request
   * waits to be sent.
   */
  readonly timeout?: Duration | null
}

/**
 * The answer to a request with a stream. Its items are read once. Leaving the loop cancels the
 * stream, and so do `cancel`, the signal of the request, and `await using`.
 */
export interface MessageStream<Item, Result> extends AsyncIterable<Item>, AsyncDisposable {
  /**
   * The value at the end of the stream, which comes after all items have been taken. Rejects as
   * the loop throws; with `CANCELLED` if the stream is left before. It need not be awaited.
   */
  readonly result: Promise<Result>
  /** Cancels the stream: the peer gets a `.cancel`, and unread items are dropped. */
  cancel(): void
  /** The items as a WHATWG stream, in the place of a loop. */
  readable(): ReadableStream<Item>
}

/**
 * Typed messages over one session. Its functions may be taken off it.
 *
 * @typeParam S the side that this is.
 */
export interface TypedSession<C extends ContractShape, S extends Side> {
  /**
   * What the other side sends, in order, bounded to 64 messages: while it is full the peer is made
   * to wait.
   */
  readonly incoming: ReceiveChannel<Incoming<C, S>>

  /** Events of an unknown name that have been dropped: what a newer peer sends, as a rule. */
  readonly unknownEvents: number

  /**
   * Sends an event, behind all events and requests of earlier calls. Otherwise as `send` of the
   * session.
   *
   * @throws {InvalidMessageError} (by rejecting) if this side validates what it sends, and the data
   *   is invalid.
   */
  readonly send: <K extends EventName<C, S>>(
    type: K,
    data: EventInput<C, S, K>,
    options?: SendOptions,
  ) => Promise<void>

  /**
   * Sends an event if that takes no waiting. Answers `full` also while earlier messages are still
   * being validated.
   *
   * @throws {InvalidMessageError} as `send` rejects; {TypeError} for a schema that validates
   *   asynchronously, and for a message that was prepared for another contract.
   */
  readonly trySend: {
    <K extends EventName<C, S>>(type: K, data: EventInput<C, S, K>): TrySendResult
    (message: PreparedMessage<C, S>): TrySendResult
  }

  /**
   * Asks, and resolves with the answer.
   *
   * @throws {RequestFailedError} (by rejecting) with the failure that the peer declares, or a
   *   built-in one; the reason of `options.signal`; {InvalidMessageError} if this side validates
   *   and the data, or the answer, is invalid.
   */
  readonly request: <K extends RequestName<C, S>>(
    type: K,
    data: RequestInput<C, S, K>,
    ...options: OptionsOf<UploadOf<C, S, K>>
  ) => Promise<ResponseOutput<C, S, K>>

  /** As `request`, but a `RequestFailedError` is an answer and not a rejection. */
  readonly requestCatching: <K extends RequestName<C, S>>(
    type: K,
    data: RequestInput<C, S, K>,
    ...options: OptionsOf<UploadOf<C, S, K>>
  ) => Promise<Settled<C, S, K>>

  /** Asks for a stream. It is asked at once, whether or not it is read. */
  readonly stream: <K extends StreamName<C, S>>(
    type: K,
    data: RequestInput<C, S, K>,
    ...options: OptionsOf<UploadOf<C, S, K>>
  ) => MessageStream<ItemOutput<C, S, K>, ResponseOutput<C, S, K>>

  /**
   * Passes the messages of `incoming` to handlers: events one at a time, in order; requests
   * concurrently. Resolves when the session has ended and all handlers are done. A handler of an
   * event that throws fails the session with 1011; one of a request that throws answers with
   * `FAILED`, or with what `asked.error` made, and fails nothing else.
   *
   * @throws (by rejecting) what the handler of an event has thrown, and the cause of a session that
   *   has failed.
   */
  readonly serve: (handlers: Handlers<C, S>) => Promise<void>
}

/** The options of a request; they may be left out unless the request has an upload. */
export type OptionsOf<Upload> = Upload extends { readonly upload: unknown }
  ? [options: RequestOptions & Upload]
  : [options?: RequestOptions]

/** Typed messages over a connection that comes back. */
export interface TypedConnection<C extends ContractShape> extends Pick<
  TypedSession<C, 'client'>,
  'incoming' | 'send' | 'trySend' | 'request' | 'requestCatching' | 'serve'
> {
  /**
   * Asks for a stream, and asks again on each new session, until the stream ends or is cancelled.
   *
   * @param input makes the data of the request from the last item that was taken; `null` for the
   *   first time.
   */
  readonly keep: <K extends StreamName<C, 'client'>>(
    type: K,
    input: (last: ItemOutput<C, 'client', K> | null) => RequestInput<C, 'client', K>,
    options?: RequestOptions,
  ) => MessageStream<ItemOutput<C, 'client', K>, ResponseOutput<C, 'client', K>>
}
