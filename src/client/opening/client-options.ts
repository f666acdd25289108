/**
 * The options of a client, checked before anything else happens.
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
import { readExtensions, requireNoPerMessageDeflate } from '../../extensions/internal.ts'
import type { HeaderList } from '../../protocol/index.ts'
import { isToken } from '../../protocol/internal.ts'
import type { RouteSettings, SessionOptions } from '../../session/index.ts'
import { applySessionOptions, DEFAULT_SETTINGS, SESSION_OPTIONS } from '../../session/internal.ts'
import { type HeaderFields, readOwnHeaders } from './request-headers.ts'

/**
 * The options of a client's connection and session. All are optional. Limits, rates and timeouts
 * are those of a server's session, with the same defaults.
 */
export interface WebSocketClientOptions extends Omit<SessionOptions, 'masking'> {
  /**
   * Additional headers of the request; a list of pairs may repeat a name. `Host` replaces the URL's
   * host. Headers that belong to the handshake or frame a body are refused: `Sec-WebSocket-…`,
   * `Upgrade`, `Connection` and others.
   *
   * @defaultValue none
   */
  readonly headers?: HeaderFields

  /** Cookies by name, sent unencoded in one `Cookie` header. @defaultValue none */
  readonly cookies?: Readonly<Record<string, string>>

  /**
   * Subprotocols to offer, in order of preference. `session.protocol` is the server's choice.
   *
   * @defaultValue none
   */
  readonly protocols?: readonly string[]

  /**
   * Extensions to offer, such as `permessageDeflate()`. The server may decline them. @defaultValue
   * none
   */
  readonly extensions?: readonly Extension[]

  /** The `Origin` header, such as `https://app.example.com`. @defaultValue none */
  readonly origin?: string

  /**
   * Time limit for making a connection: DNS, TCP, proxy and TLS together; above 0. When it passes,
   * the call rejects with `ConnectError`, whose `step` says which part was slow. `null`: the
   * operating system's limit.
   *
   * @defaultValue 10 seconds
   */
  readonly connectTimeout?: Duration | null

  /**
   * Time limit for the server's answer, measured from the connection; above 0. `null`: no limit.
   *
   * @defaultValue 10 seconds
   */
  readonly handshakeTimeout?: Duration | null

  /**
   * The limit of redirects to follow (301, 302, 303, 307, 308): a whole number, 0 or above; `false`
   * is 0. Each redirect gets new deadlines. A redirect to another origin drops `Authorization`,
   * `Cookie`, `Proxy-Authorization`, `Host` and client certificates for good. A redirect from
   * `wss:` to `ws:` is never followed.
   *
   * @defaultValue 0: a redirect rejects with `UpgradeRefusedError`
   */
  readonly followRedirects?: number | false

  /**
   * Aborts the connection. Before the session is open, the call rejects with the signal's reason
   * and everything is released. Later, the session is closed with 1001, its `incoming` ends at
   * once, and `webSocket()` rejects with the signal's reason.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal

  /**
   * Whether outgoing frames are masked. RFC 6455 §5.1 requires it of clients, and servers refuse
   * unmasked frames. Set it to `false` only to test other implementations.
   *
   * @defaultValue true
   */
  readonly masking?: boolean
}

/** Checked options. Times are in milliseconds. */
export interface ClientSettings {
  readonly session: RouteSettings
  /** Headers, cookies and origin, in this order, without the handshake's headers. */
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

/** The action named in error messages. */
export const ACT = 'open WebSocket'

/** The checked options of a client, without those of its session. */
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

/** The options of a client, without those of its session. */
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
 * Checks the options.
 *
 * @param platformNames the options of the platform, which it checks itself.
 * @throws {TypeError | RangeError} for an unknown option or an invalid value, naming the option.
 */
export function readClientOptions(
  options: WebSocketClientOptions,
  platformNames: readonly string[] = [],
): ClientSettings {
  requireObject(ACT, 'the options argument', options)
  requireNoPerMessageDeflate(ACT, options)
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
      `Cannot ${act}: option "protocols" has an invalid name, expected tokens (RFC 9110 §5.6.2)`,
    )
  }
  if (new Set(names).size < names.length) {
    throw new TypeError(
      `Cannot ${act}: option "protocols" has a duplicate name, expected distinct names`,
    )
  }
  return names
}
