/**
 * The two ways to a session, bound to a platform that dials: Node's sockets, memory.
 */

import type { Clock } from '../base/index.ts'
import type { Environment } from '../base/internal.ts'
import { loopShareOf, requireFunction, requireObject } from '../base/internal.ts'
import {
  ACT,
  type ClientSettings,
  readClientOptions,
  type WebSocketClientOptions,
} from './opening/client-options.ts'
import type { WebSocketClientSession } from './opening/client-session.ts'
import { readUrl } from './opening/client-url.ts'
import { type ConnectOptions, type ConnectTarget, connectWith } from './reconnecting/connect.ts'
import type { Dialer } from './opening/dialer.ts'
import { openSession } from './opening/open-session.ts'
import type { OpenedSession } from './opening/opened-session.ts'
import { readReconnecting } from './reconnecting/reconnect-options.ts'
import type { ReconnectingWebSocket } from './reconnecting/reconnecting-websocket.ts'

/** What `webSocket` runs with a session. */
export type ClientBlock<T> = (session: WebSocketClientSession) => Promise<T> | T

/**
 * A client: what code that connects is handed, so that it does not care what it connects over. Its functions may be
 * taken off it (`const { webSocket } = client`).
 *
 * @typeParam Options what may be said for one connection.
 */
export interface WebSocketClient<Options extends WebSocketClientOptions = WebSocketClientOptions> {
  /**
   * Connects, runs `block` with the session, and ends the session when the block ends: Close 1000 if it returned, Close
   * 1011 without any detail if it threw. The call waits for the closing handshake (`closeTimeout` bounds it) and for
   * everything that was launched.
   *
   * @returns what `block` returned.
   * @throws (by rejecting) as `openWebSocket`; what the block or a launched task failed with, whichever was first; the
   *   signal's reason if that fires before the block ends; what the block threw because the peer had left
   *   (`ClosedReceiveChannelError`, for one: a loop over `incoming` ends without it).
   *
   * Ktor: `HttpClient.webSocket`.
   */
  webSocket<T>(this: void, url: string | URL, block: ClientBlock<T>): Promise<T>
  webSocket<T>(this: void, url: string | URL, options: Options, block: ClientBlock<T>): Promise<T>

  /**
   * Connects. The session is the caller's to close: `close()` and `closed`, or `await using`. A launched task that fails
   * closes it with 1011, and is the `cause` of `closed`.
   *
   * @throws (by rejecting) {ConnectError} when there is no connection, or an answer that breaks the rules: `step` says
   *   where it ended; {UpgradeRefusedError} when the server answers anything but 101; the reason of `options.signal`;
   *   {TypeError | RangeError} for an option or a URL that means nothing, before anything is sent.
   *
   * Ktor: `HttpClient.webSocketSession`.
   */
  openWebSocket(this: void, url: string | URL, options?: Options): Promise<WebSocketClientSession>

  /**
   * Makes a connection that comes back when its session is lost, and returns at once; the first attempt is then under
   * way. It is the caller's to close.
   *
   * @param url an address, or a function that is asked for one before each attempt.
   * @param options those of `openWebSocket` for its sessions, and `reconnect`, `whileAway`, `opened`, `renew`,
   *   `attemptTimeout` and `heartbeat` for itself.
   * @throws {TypeError | RangeError} for an option or a URL that means nothing.
   */
  connect(
    this: void,
    url: ConnectTarget,
    options?: ConnectOptions<Options, WebSocketClientSession>,
  ): ReconnectingWebSocket<WebSocketClientSession>
}

/** What clients of one kind have in common. */
export interface ClientPlatform<Options extends WebSocketClientOptions> {
  /** Asked at the first connection, and not before. */
  readonly environment: () => Environment

  /**
   * The clock of connections that come back, whose timers keep the process alive: between two sessions nothing else does.
   *
   * @defaultValue that of the environment
   */
  readonly waitingClock?: Clock

  /** The names of the options that are the platform's own. */
  readonly optionNames: readonly string[]

  /**
   * Makes what dials for one session.
   *
   * @throws {TypeError | RangeError} for an option of its own that means nothing.
   */
  dialer(options: Options): Dialer

  /** Is told of every session that has been opened. */
  readonly opened?: (session: WebSocketClientSession) => void
}

/**
 * Makes a client.
 *
 * @param defaults what holds for all connections; what is said for one stands in its place.
 * @throws {TypeError | RangeError} for an option that means nothing.
 */
export function createClient<Options extends WebSocketClientOptions>(
  platform: ClientPlatform<Options>,
  defaults: Partial<Options> = {},
): WebSocketClient<Options> {
  const complete = (options: Partial<Options>): Options => {
    requireObject(ACT, 'the options argument', options)
    return { ...defaults, ...options } as Options // every option may be absent, and is checked below
  }
  const open = async (url: string | URL, options: Partial<Options>): Promise<OpenedSession> => {
    const { settings, dialer } = prepare(platform, complete(options))
    const session = await openSession(dialer, platform.environment(), url, settings)
    platform.opened?.(session)
    return session
  }
  prepare(platform, complete({}))

  async function webSocket<T>(
    url: string | URL,
    first: Options | ClientBlock<T>,
    second?: ClientBlock<T>,
  ): Promise<T> {
    const [options, block] = typeof first === 'function' ? [{}, first] : [first, second]
    requireFunction(ACT, 'the block', block)
    const session = await open(url, options)
    return session.runBlock(block as ClientBlock<T>) // a function, by the line above
  }
  return {
    webSocket,
    openWebSocket: (url, options) => open(url, options ?? {}),
    connect: (url, options) => {
      const environment = platform.environment()
      const { clock, random } = environment
      return connectWith<Options, WebSocketClientSession>(
        {
          open,
          check: (address, each) => {
            if (address !== null) readUrl(ACT, address)
            prepare(platform, complete(each))
          },
          read: readReconnecting,
          environment: { clock: platform.waitingClock ?? clock, random },
          loop: loopShareOf(environment),
          hints: null,
        },
        url,
        options ?? ({} as ConnectOptions<Options, WebSocketClientSession>), // every option may be absent
      )
    },
  }
}

function prepare<Options extends WebSocketClientOptions>(
  platform: ClientPlatform<Options>,
  options: Options,
): { readonly settings: ClientSettings; readonly dialer: Dialer } {
  const settings = readClientOptions(options, platform.optionNames)
  return { settings, dialer: platform.dialer(options) }
}
