/**
 * Creates clients for a platform with a dialer, such as Node's sockets or memory.
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
import { ClientLife } from './client-life.ts'
import type { WebSocketClientSession } from './opening/client-session.ts'
import { readUrl } from './opening/client-url.ts'
import { type ConnectOptions, type ConnectTarget, connectWith } from './reconnecting/connect.ts'
import type { Dialer } from './opening/dialer.ts'
import { openSession } from './opening/open-session.ts'
import type { OpenedSession } from './opening/opened-session.ts'
import { RECONNECTING_OPTIONS, readReconnecting } from './reconnecting/reconnect-options.ts'
import type { ReconnectingWebSocket } from './reconnecting/reconnecting-websocket.ts'

/** A function that `webSocket` runs with a session. */
export type ClientBlock<T> = (session: WebSocketClientSession) => Promise<T> | T

/**
 * A client. Code that takes a client works over any transport. Its functions may be detached:
 * `const { webSocket } = client`.
 *
 * @typeParam Options the options of one connection.
 */
export interface WebSocketClient<
  Options extends WebSocketClientOptions = WebSocketClientOptions,
> extends AsyncDisposable {
  /**
   * Connects, runs `block` with the session, and closes the session: with 1000 when `block`
   * returns, with 1011 and no details when it throws. Waits for the closing handshake (at most
   * `closeTimeout`) and for all launched tasks.
   *
   * Ktor: `HttpClient.webSocket`.
   *
   * @returns what `block` returned.
   * @throws (by rejecting) the errors of `openWebSocket`; the first error of `block` or a launched
   *   task; the signal's reason if it aborts before `block` ends; the `Closed…Error` that `block`
   *   threw because the peer had left. A loop over `incoming` ends without an error.
   */
  webSocket<T>(this: void, url: string | URL, block: ClientBlock<T>): Promise<T>
  webSocket<T>(this: void, url: string | URL, options: Options, block: ClientBlock<T>): Promise<T>

  /**
   * Connects. The caller closes the session: with `close()` and `closed`, or with `await using`. A
   * launched task that fails closes it with 1011, and its error is the `cause` in `closed`.
   *
   * Ktor: `HttpClient.webSocketSession`.
   *
   * @throws (by rejecting) {ConnectError} if no connection is made, or if the answer violates the
   *   protocol; `step` says where it failed. {UpgradeRefusedError} if the server answers anything
   *   but 101. The reason of `options.signal`. {TypeError | RangeError} for an invalid option or
   *   URL, before anything is sent.
   */
  openWebSocket(this: void, url: string | URL, options?: Options): Promise<WebSocketClientSession>

  /**
   * Creates a connection that reconnects when its session is lost. Returns at once, while the first
   * attempt is running. The caller closes the connection.
   *
   * @param url a URL, or a function that returns the URL for each attempt.
   * @param options those of `openWebSocket` for its sessions, and `reconnect`, `whileAway`,
   *   `opened`, `renew`, `attemptTimeout` and `heartbeat` for the connection.
   * @throws {TypeError | RangeError} for an invalid option or URL.
   */
  connect(
    this: void,
    url: ConnectTarget,
    options?: ConnectOptions<Options, WebSocketClientSession>,
  ): ReconnectingWebSocket<WebSocketClientSession>

  /**
   * Closes the client for good, with everything that it has open:
   *
   * - Sessions get Close 1001, as if their `signal` aborted.
   * - Connections of `connect` are closed with 1001, and do not come back.
   * - Requests in progress, and later ones, reject with `ClientClosedError`. `connect` throws it.
   * - Shared HTTP/2 connections are closed with GOAWAY.
   *
   * Resolves when all of that has ended: within `closeTimeout` of the sessions, and two
   * seconds for the connections. Never rejects, and need not be awaited. Idempotent.
   *
   * Ktor: `HttpClient.close`.
   */
  close(this: void): Promise<void>

  /** The same as `close()`. */
  [Symbol.asyncDispose](this: void): Promise<void>
}

/** The platform of a client: what all clients of one kind share. */
export interface ClientPlatform<Options extends WebSocketClientOptions> {
  /** Called for the first connection, not before. */
  readonly environment: () => Environment

  /**
   * The clock of reconnecting connections. Its timers keep the process alive, because nothing else
   * does so between two sessions.
   *
   * @defaultValue the clock of the environment
   */
  readonly waitingClock?: Clock

  /** The names of the platform's own options. */
  readonly optionNames: readonly string[]

  /**
   * Creates the dialer for one session.
   *
   * @throws {TypeError | RangeError} for an invalid option of the platform.
   */
  dialer(options: Options): Dialer

  /** Called with every session that was opened. */
  readonly opened?: (session: WebSocketClientSession) => void

  /** Ends what the platform keeps between sessions. Called when the last session has ended. */
  readonly close?: () => Promise<void>
}

/**
 * Creates a client.
 *
 * @param defaults options for all connections; the options of one connection override them.
 * @throws {TypeError | RangeError} for an invalid option.
 */
export function createClient<Options extends WebSocketClientOptions>(
  platform: ClientPlatform<Options>,
  defaults: Partial<Options> = {},
): WebSocketClient<Options> {
  const complete = (options: Partial<Options>): Options => {
    requireObject(ACT, 'the options argument', options)
    return { ...defaults, ...options } as Options // every option may be absent, and is checked below
  }
  const life = new ClientLife(platform.close ?? (() => Promise.resolve()))
  const extras = { id: null, failed: () => {}, life: life.signal, ended: () => life.leave() }
  const open = async (url: string | URL, options: Partial<Options>): Promise<OpenedSession> => {
    life.requireOpen()
    const { settings, dialer } = prepare(platform, complete(options))
    const session = await life.open(() =>
      openSession(dialer, platform.environment(), url, settings, extras),
    )
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
    close: () => life.close(),
    [Symbol.asyncDispose]: () => life.close(),
    connect: (url, options) => {
      life.requireOpen()
      const environment = platform.environment()
      const { clock, random } = environment
      const connection = connectWith<Options, WebSocketClientSession>(
        {
          open,
          check: (address, each) => {
            if (address !== null) readUrl(ACT, address)
            prepare(platform, complete(each), CONNECTION_NAMES)
          },
          // The other defaults concern single sessions, and `open` adds them.
          read: (each) => readReconnecting({ ...signalOf(defaults.signal), ...each }),
          environment: { clock: platform.waitingClock ?? clock, random },
          loop: loopShareOf(environment),
          hints: null,
        },
        url,
        options ?? ({} as ConnectOptions<Options, WebSocketClientSession>), // every option may be absent
      )
      life.add(connection)
      return connection
    },
  }
}

function signalOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

/** Options of `connect` beside those of `openWebSocket`: errors name them too. */
const CONNECTION_NAMES: readonly string[] = [...RECONNECTING_OPTIONS.names, 'renew']

/** @param others names that are known too, and read elsewhere. */
function prepare<Options extends WebSocketClientOptions>(
  platform: ClientPlatform<Options>,
  options: Options,
  others: readonly string[] = [],
): { readonly settings: ClientSettings; readonly dialer: Dialer } {
  const settings = readClientOptions(options, [...platform.optionNames, ...others])
  return { settings, dialer: platform.dialer(options) }
}
