/**
 * The options of a client, checked when they are given and before anything is done with them.
 */

import type { Duration } from '../../base/index.ts'
import {
  abortSignal,
  checked,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  orNull,
  requireKnownNames,
  requireObject,
  type SettingsOf,
  timeLimit,
} from '../../base/internal.ts'
import type { Extension } from '../../extensions/index.ts'
import { readExtensions } from '../../extensions/internal.ts'
import type { HeaderList } from '../../protocol/index.ts'
import { isToken } from '../../protocol/internal.ts'
import type { RouteSettings, SessionOptions } from '../../session/index.ts'
import { applySessionOptions, DEFAULT_SETTINGS, SESSION_OPTIONS } from '../../session/internal.ts'
import { type HeaderFields, readOwnHeaders } from './request-headers.ts'

/**
 * How a client connects, and what its session is like. All of it is optional. The bounds, rates and timeouts are
 * those of a server's session, with the same defaults.
 */
export interface WebSocketClientOptions extends Omit<SessionOptions, 'masking'> {
  /**
   * Headers of the request beside those of the handshake; a list of pairs may have a name twice. `Host` stands in
   * the place of the URL's. `Sec-WebSocket-…`, `Upgrade`, `Connection` and what frames a body are refused: they
   * belong to the handshake.
   *
   * @defaultValue none
   */
  readonly headers?: HeaderFields

  /** Cookies by name, sent as they are in one `Cookie` header. @defaultValue none */
  readonly cookies?: Readonly<Record<string, string>>

  /**
   * Subprotocols to offer, in order of preference; `session.protocol` says which the server chose.
   *
   * @defaultValue none
   */
  readonly protocols?: readonly string[]

  /** Extensions to offer, such as `permessageDeflate()`. What the server agrees to is at work. @defaultValue none */
  readonly extensions?: readonly Extension[]

  /** The `Origin` that a browser would send, such as `https://app.example.com`. @defaultValue none: no browser */
  readonly origin?: string

  /**
   * How long it may take to get a connection, for name, TCP, proxy and TLS together; above 0. Then the call rejects
   * with `ConnectError`, whose `step` says where it stood still. `null`: as long as the operating system tries.
   *
   * @defaultValue 10 seconds
   */
  readonly connectTimeout?: Duration | null

  /**
   * How long the server may take to answer once the connection is there; above 0. `null`: for ever.
   *
   * @defaultValue 10 seconds
   */
  readonly handshakeTimeout?: Duration | null

  /**
   * How many redirects (301, 302, 303, 307, 308) are followed, each with deadlines of its own; a whole number, 0 or
   * above, and `false` is 0. A redirect to another origin loses `Authorization`, `Cookie`, `Proxy-Authorization`,
   * `Host` and client certificates for good; one from `wss:` to `ws:` is never followed.
   *
   * @defaultValue 0: a redirect is a refusal
   */
  readonly followRedirects?: number | false

  /**
   * Ends it all when it fires. Before the session is open, the call rejects with the signal's reason, and nothing is
   * left behind. After that the session is closed with 1001, its `incoming` ends at once, and `webSocket()` rejects
   * with the signal's reason.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal

  /**
   * Whether frames that we send are masked. RFC 6455 §5.1 demands it of clients, and servers refuse what is not; for
   * tests of other implementations.
   *
   * @defaultValue true
   */
  readonly masking?: boolean
}

/** Options that have been read. Times are in milliseconds. */
export interface ClientSettings {
  readonly session: RouteSettings
  /** Headers, cookies and origin, in this order: what the request has beside the handshake. */
  readonly headers: HeaderList
  readonly protocols: readonly string[]
  readonly extensions: readonly Extension[]
  /** `null`: no limit. */
  readonly connectTimeout: number | null
  /** `null`: no limit. */
  readonly handshakeTimeout: number | null
  readonly maxRedirects: number
  readonly signal: AbortSignal | null
}

/** What is being done, for messages. */
export const ACT = 'open WebSocket'

/** The options of a client, complete, without those of its session. */
type OwnSettings = SettingsOf<
  Omit<WebSocketClientOptions, keyof SessionOptions>,
  {
    headers: HeaderFields | null
    cookies: Readonly<Record<string, string>> | null
    origin: string | null
    followRedirects: number
    signal: AbortSignal | null
  }
>

const readAsIs = <Value>(_act: string, value: Value): Value => value

/** The options of a client, beside those of its session. */
export const CLIENT_OPTIONS: OptionTable<OwnSettings> = optionTable<OwnSettings>({
  // `readOwnHeaders` checks headers, cookies and origin together.
  headers: checked<OwnSettings['headers'], OwnSettings['headers']>(null, readAsIs),
  cookies: checked<OwnSettings['cookies'], OwnSettings['cookies']>(null, readAsIs),
  protocols: checked<readonly string[]>([], readProtocols),
  extensions: checked<readonly Extension[], readonly Extension[]>([], readExtensions),
  origin: checked<string | null, string | null>(null, readAsIs),
  connectTimeout: orNull(timeLimit(10_000)),
  handshakeTimeout: orNull(timeLimit(10_000)),
  followRedirects: {
    fallback: 0,
    read: (reader, name, value) => reader.whole(name, value === false ? 0 : value, { min: 0 }),
  },
  signal: abortSignal(),
})

/** The names of `WebSocketClientOptions`. */
export const CLIENT_OPTION_NAMES: readonly string[] = [
  ...CLIENT_OPTIONS.names,
  ...SESSION_OPTIONS.names,
]

const CLIENT_DEFAULTS: RouteSettings = { ...DEFAULT_SETTINGS, masking: true }

/**
 * Reads options.
 *
 * @param platformNames the options of one platform, which it has read itself.
 * @throws {TypeError | RangeError} for an unknown option or an invalid value, naming the option.
 */
export function readClientOptions(
  options: WebSocketClientOptions,
  platformNames: readonly string[] = [],
): ClientSettings {
  requireObject(ACT, 'the options argument', options)
  if ('perMessageDeflate' in options) {
    throw new TypeError(
      `Cannot ${ACT}: unknown option "perMessageDeflate", expected extensions: [permessageDeflate()]`,
    )
  }
  requireKnownNames(ACT, options, [...CLIENT_OPTION_NAMES, ...platformNames])
  const { protocols, extensions, connectTimeout, handshakeTimeout, followRedirects, signal } =
    CLIENT_OPTIONS.lay(optionReader(ACT), options, CLIENT_OPTIONS.defaults)
  return {
    session: applySessionOptions(ACT, CLIENT_DEFAULTS, options),
    headers: readOwnHeaders(ACT, options),
    protocols,
    extensions,
    connectTimeout,
    handshakeTimeout,
    maxRedirects: followRedirects,
    signal,
  }
}

function readProtocols(act: string, list: unknown): readonly string[] {
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot ${act}: option "protocols" is ${kindOf(list)}, expected a list of names`,
    )
  }
  const names = list.filter(
    (name: unknown): name is string => typeof name === 'string' && isToken(name),
  )
  if (names.length < list.length) {
    throw new TypeError(
      `Cannot ${act}: option "protocols" has an element that is no token (RFC 9110 §5.6.2)`,
    )
  }
  if (new Set(names).size < names.length) {
    throw new TypeError(`Cannot ${act}: option "protocols" has a name twice`)
  }
  return names
}
