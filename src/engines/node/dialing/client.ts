/**
 * The client on Node.
 */

import { type Environment, waitingSystemClock } from '../../../base/internal.ts'
import type {
  ClientBlock,
  ConnectOptions,
  ConnectTarget,
  ReconnectingWebSocket,
  WebSocketClient,
  WebSocketClientSession,
} from '../../../client/index.ts'
import { type ClientPlatform, createClient } from '../../../client/internal.ts'
import { NODE_OPTIONS, type NodeClientOptions, readDialerOptions } from './client-options.ts'
import { NodeDialer } from './dialer.ts'
import { createEnvironment } from '../environment.ts'
import { Http2Dialer } from '../http2-dialing/http2-dialer.ts'
import { Http2Pool } from '../http2-dialing/http2-pool.ts'
import { TransportChoice, type TransportMode } from '../transports/transport-choice.ts'

/**
 * Creates a client whose connections share `defaults`. Pass a client to code under test: in tests,
 * `t.client` of `towpath/testing` takes its place.
 *
 * @throws {TypeError | RangeError} for an invalid option.
 *
 * @example
 * ```ts
 * import { createWebSocketClient, seconds } from 'towpath/client'
 *
 * const client = createWebSocketClient({ pingPeriod: seconds(20), protocols: ['v1.feed'] })
 * ```
 */
export function createWebSocketClient(
  defaults: NodeClientOptions = {},
): WebSocketClient<NodeClientOptions> {
  return createClient(createPlatform(), defaults)
}

/**
 * Connects, runs `block` with the session, and closes the session when the block ends. See
 * `WebSocketClient.webSocket`.
 *
 * @example
 * ```ts
 * import { Frame, webSocket } from 'towpath/client'
 *
 * await webSocket('wss://chat.example.com/rooms/1', async ({ incoming, send }) => {
 *   await send('hello')
 *   for await (const frame of incoming) {
 *     if (frame instanceof Frame.Text) console.log(frame.readText())
 *   }
 * })
 * ```
 */
export function webSocket<T>(url: string | URL, block: ClientBlock<T>): Promise<T>
export function webSocket<T>(
  url: string | URL,
  options: NodeClientOptions,
  block: ClientBlock<T>,
): Promise<T>
export function webSocket<T>(
  url: string | URL,
  ...rest: [ClientBlock<T>] | [NodeClientOptions, ClientBlock<T>]
): Promise<T> {
  return rest.length === 1
    ? CLIENT.webSocket(url, rest[0])
    : CLIENT.webSocket(url, rest[0], rest[1])
}

/**
 * Connects. The caller closes the session. See `WebSocketClient.openWebSocket`.
 *
 * @example
 * ```ts
 * import { openWebSocket } from 'towpath/client'
 *
 * await using session = await openWebSocket('ws://localhost:8080/feed', { protocols: ['v1.feed'] })
 * console.log(session.protocol, await session.incoming.receive())
 * ```
 */
export function openWebSocket(
  url: string | URL,
  options?: NodeClientOptions,
): Promise<WebSocketClientSession> {
  return CLIENT.openWebSocket(url, options)
}

/**
 * Creates a connection that reconnects when its session is lost. The caller closes the connection.
 * Until it has ended, it keeps the process alive. See `WebSocketClient.connect` and
 * docs/reconnecting.md.
 *
 * @example
 * ```ts
 * import { connect, Frame } from 'towpath/client'
 *
 * await using connection = connect('wss://ticker.example.com/prices', {
 *   opened: (session) => session.send('subscribe'),
 * })
 * for await (const frame of connection.incoming) {
 *   if (frame instanceof Frame.Text) console.log(frame.readText())
 * }
 * ```
 */
export function connect(
  url: ConnectTarget,
  options?: ConnectOptions<NodeClientOptions, WebSocketClientSession>,
): ReconnectingWebSocket<WebSocketClientSession> {
  return CLIENT.connect(url, options)
}

/**
 * All clients of a process share one timer, one source of randomness and the test of the TCP
 * handle.
 */
let environment: Environment | null = null
const TRANSPORTS = new Map<TransportMode, TransportChoice>()

const sharedEnvironment = (): Environment => (environment ??= createEnvironment())

/** Creates the platform of one client, which has HTTP/2 connections of its own. */
export function createPlatform(): ClientPlatform<NodeClientOptions> {
  const pool = new Http2Pool(sharedEnvironment)
  return {
    environment: sharedEnvironment,
    waitingClock: waitingSystemClock,
    optionNames: NODE_OPTIONS.names,
    close: () => pool.close(),
    dialer(options) {
      const settings = readDialerOptions(options)
      return {
        dial(request) {
          const transports = transportsFor(settings.transport)
          const dialer =
            settings.http2 === false
              ? new NodeDialer(settings, transports)
              : new Http2Dialer(settings, transports, pool)
          return dialer.dial(request)
        },
      }
    },
  }
}

const CLIENT: WebSocketClient<NodeClientOptions> = createClient(createPlatform())

function transportsFor(mode: TransportMode): TransportChoice {
  const known = TRANSPORTS.get(mode)
  if (known !== undefined) return known
  const made = new TransportChoice(mode)
  TRANSPORTS.set(mode, made)
  return made
}
