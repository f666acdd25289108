/**
 * What a test is given: the application, the time, the network, and clients.
 */

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
 * An application in memory, and everything to try it out with. No port is opened and nothing waits
 * for real time: what takes no time has happened when `await t.settle()` returns, what takes time
 * when `await t.clock.advance(…)` does.
 */
export interface TestApplication {
  /** The application. Plugins and routes may be added at any time. */
  readonly application: Application

  /**
   * The time of the application: it stands still but for `advance`, which runs pings, timeouts and
   * deadlines as they fall due, and lets everything settle before, between and after them.
   */
  readonly clock: VirtualClock

  /**
   * Faults for all connections, those to come included, and whether there are any to come. None at
   * first.
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
   *   `options.signal`; {TypeError | RangeError} for an option that means nothing.
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
   * The same with a client that does nothing by itself and shows every frame: for fragments, pings
   * of one's own, peers that answer no ping and no Close.
   */
  connectRaw(uri: string, options?: RawConnectOptions): Promise<TestRawSession>

  /** The same with a client of bytes: for peers that break the protocol. */
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
   * Resolves when everything under way that takes neither time nor real I/O has happened: frames
   * have arrived, handlers have reacted. The time stands still.
   */
  settle(): Promise<void>

  /**
   * What has failed so far in the application's own code: handlers, tasks, interceptors, listeners;
   * each once, in order. What is taken here does not fail the test any more; all that is left at
   * its end does.
   */
  takeFailures(): unknown[]
}

/** What a test says as the client of a conversation. */
export type ConversationBlock = (
  incoming: ReceiveChannel<Frame>,
  outgoing: SendChannel<Outbound>,
) => Promise<void> | void

/** One request of a test and its answer. Ktor: `TestApplicationCall`. */
export interface TestCall {
  readonly response: TestResponse
}

/** What every client of a test has. */
export interface TestConnection {
  /** The answer to the upgrade: 101 and its headers. */
  readonly response: TestResponse

  /** Faults for this connection alone. */
  readonly network: NetworkFaults
}

/** A client that looks after itself. What it launches is a part of the test: its failure is one. */
export interface TestSession extends WebSocketClientSession, TestConnection {
  /** The answer to the upgrade: 101 and its headers. */
  readonly response: TestResponse
}

/** A client that shows every frame and answers none. */
export interface TestRawSession extends WebSocketSession, TestConnection {}

/** The client's end of a connection after the 101, without any WebSocket on it. */
export interface BytePeer extends TestConnection {
  /**
   * Sends bytes (RFC 6455 §5.2: a client's frames are masked; nobody checks that here). They are
   * copied.
   */
  write(bytes: Uint8Array): void

  /** Sends FIN: nothing more will come from this client, which goes on reading. */
  end(): void

  /**
   * Resolves with the next `length` bytes (0 and above), with fewer when the connection ends
   * before: fresh memory. One call at a time.
   */
  read(length: number): Promise<Uint8Array>

  /** Resolves with everything up to the server's FIN or the connection's end, as `read`. */
  readToEnd(): Promise<Uint8Array>

  /**
   * Resolves when the connection is gone: with the failure if it was reset, else with `null`. Never
   * rejects.
   */
  readonly closed: Promise<Error | null>
}
