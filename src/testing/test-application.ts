/** The objects of a test: the application, the clock, the network, and clients. */

import type { Application } from '../application/index.ts'
import type { VirtualClock } from '../base/index.ts'
import type { ReceiveChannel, SendChannel } from '../channels/index.ts'
import type { WebSocketClient, WebSocketClientSession } from '../client/index.ts'
import type { Frame } from '../protocol/index.ts'
import type { Outbound, WebSocketSession } from '../session/index.ts'
import type { ConnectOptions, RawConnectOptions } from './connect-options.ts'
import type { NetworkFaults, TestNetwork } from './network-faults.ts'
import type { TestResponse } from './test-response.ts'

/**
 * An application in memory, with everything to test it. It opens no port and waits for no real
 * time: work that takes no time has finished when `await t.settle()` returns, work that takes time
 * when `await t.clock.advance(…)` returns.
 */
export interface TestApplication {
  /** The application. Plugins and routes may be added at any time. */
  readonly application: Application

  /**
   * The clock of the application. It stands still except in `advance`, which runs pings, timeouts
   * and deadlines when they are due, and lets everything settle before, between and after them.
   */
  readonly clock: VirtualClock

  /**
   * Faults for all connections, including future ones, and whether new connections are refused.
   * None at first.
   */
  readonly network: TestNetwork

  /**
   * The client of `towpath/client`, over the network of this test: for code that is handed a
   * client. Its sessions leave when the test ends, whoever holds them; what their tasks fail with
   * is told to whoever opened them.
   *
   * @example
   * <!-- prelude
   * import type { TestApplication } from 'towpath/testing'
   * declare const t: TestApplication
   * -->
   * ```ts
   * await t.client.webSocket('ws://localhost/rooms/1', async ({ send }) => {
   *   await send('hello')
   * })
   * ```
   */
  readonly client: WebSocketClient

  /**
   * Connects the client of `towpath/client`: it answers pings and Close frames, masks what it
   * sends, shows whole messages, and has the bounds and deadlines of that client, in virtual time.
   *
   * @param uri a path, or a whole address such as `wss://chat.example.com/rooms/1`.
   * @returns the client's session; the handler has been called.
   * @throws {UpgradeRefusedError} (by rejecting) when the application answers anything but 101;
   *   {ConnectError} when `t.network` refuses, or a deadline has passed; the reason of
   *   `options.signal`; {TypeError | RangeError} for an invalid option.
   *
   * @example
   * <!-- prelude
   * import type { TestApplication } from 'towpath/testing'
   * declare const t: TestApplication
   * -->
   * ```ts
   * const session = await t.connect('/rooms/1', { cookies: { user: 'ada' } })
   * await session.send('hello')
   * ```
   */
  connect(uri: string, options?: ConnectOptions): Promise<TestSession>

  /**
   * Connects a client that answers nothing by itself and receives every frame: for fragments,
   * custom pings, and peers that answer neither pings nor Close frames.
   */
  connectRaw(uri: string, options?: RawConnectOptions): Promise<TestRawSession>

  /** Connects a client of bytes: for peers that violate the protocol. */
  connectBytes(uri: string, options?: RawConnectOptions): Promise<BytePeer>

  /**
   * Connects a client that shows every frame, and runs `block` as that client. When `block`
   * returns, the client leaves without a Close frame: the handler's `receive()` throws
   * `ClosedReceiveChannelError`. Then the handler is awaited.
   *
   * If the upgrade is refused, `block` is not run, and the call has the answer.
   *
   * @param setup what the request has beside the usual: headers, cookies, subprotocols.
   * @returns what the application answered.
   * @throws (by rejecting) what the handler threw, and what `block` threw; both as an
   *   `AggregateError`.
   *
   * Ktor: `handleWebSocketConversation`.
   *
   * @example
   * <!-- prelude
   * import type { TestApplication } from 'towpath/testing'
   * declare const t: TestApplication
   * -->
   * ```ts
   * await t.handleWebSocketConversation('/echo', async (incoming, outgoing) => {
   *   await outgoing.send('hello')
   *   console.log(await incoming.receive())
   * })
   * ```
   */
  handleWebSocketConversation(uri: string, block: ConversationBlock): Promise<TestCall>
  handleWebSocketConversation(
    uri: string,
    setup: RawConnectOptions,
    block: ConversationBlock,
  ): Promise<TestCall>

  /**
   * Resolves when all pending work that takes neither time nor real I/O has finished: frames have
   * arrived, handlers have reacted. The clock stands still.
   */
  settle(): Promise<void>

  /**
   * Takes the failures of the application's own code so far: handlers, tasks, interceptors,
   * listeners; each once, in order. Failures that are not taken fail the test at its end.
   */
  takeFailures(): unknown[]
}

/** The block that acts as the client of a conversation. */
export type ConversationBlock = (
  incoming: ReceiveChannel<Frame>,
  outgoing: SendChannel<Outbound>,
) => Promise<void> | void

/** One request of a test and its response. Ktor: `TestApplicationCall`. */
export interface TestCall {
  readonly response: TestResponse
}

/** The members that every client of a test has. */
export interface TestConnection {
  /** The response to the upgrade: 101 and its headers. */
  readonly response: TestResponse

  /** Faults for this connection alone. */
  readonly network: NetworkFaults
}

/** The production client. The tasks that it launches belong to the test: their failures fail it. */
export interface TestSession extends WebSocketClientSession, TestConnection {
  /** The response to the upgrade: 101 and its headers. */
  readonly response: TestResponse
}

/** A client that receives every frame and answers none. */
export interface TestRawSession extends WebSocketSession, TestConnection {}

/** The client's end of a connection after the 101, without a WebSocket on it. */
export interface BytePeer extends TestConnection {
  /**
   * Sends bytes, which are copied. They are not checked (RFC 6455 §5.2: a client's frames are
   * masked).
   */
  write(bytes: Uint8Array): void

  /** Sends FIN: the client sends nothing more, and continues to read. */
  end(): void

  /**
   * Resolves with the next `length` bytes (0 or above), or with fewer when the connection ends
   * before: fresh memory. One call at a time.
   */
  read(length: number): Promise<Uint8Array>

  /** Resolves with all bytes up to the server's FIN or the connection's end, like `read`. */
  readToEnd(): Promise<Uint8Array>

  /**
   * Resolves when the connection has ended: with the error if it was reset, otherwise with `null`.
   * Never rejects.
   */
  readonly closed: Promise<Error | null>
}
