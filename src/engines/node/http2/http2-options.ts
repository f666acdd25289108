/**
 * The options of HTTP/2, and their check.
 */

import type { TlsOptions } from 'node:tls'

import type { Duration } from '../../../base/index.ts'
import {
  checked,
  flag,
  type OptionRule,
  optionReader,
  type OptionTable,
  optionTable,
  timeLimit,
  wholeBetween,
} from '../../../base/internal.ts'

/** How a server speaks HTTP/2 (RFC 9113) and carries WebSockets over it (RFC 8441). */
export interface Http2Options {
  /**
   * Sessions of one connection, and requests for more that are being decided: a whole number above
   * 0. One more gets 429. The connection has room for 28 streams beside them, so that a page can
   * still fetch.
   *
   * @defaultValue 100
   */
  readonly maxSocketsPerConnection?: number

  /**
   * How long a connection may stay without a stream: from its TLS handshake, and from the end of
   * its last stream. Then it is closed with GOAWAY.
   *
   * @defaultValue 2 minutes
   */
  readonly idleTimeout?: Duration

  /**
   * How many bytes a client may send on one stream before the session reads them: a whole number
   * above 0, 2^31 - 1 at most. SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 §6.9.2). A session receives
   * about half a window per round trip.
   *
   * @defaultValue 512 KiB (524288)
   */
  readonly streamWindow?: number

  /**
   * The same for all streams of a connection together: a whole number above 0, 2^31 - 1 at most.
   *
   * @defaultValue 4 MiB (4194304)
   */
  readonly connectionWindow?: number

  /**
   * Whether a server without `tls` speaks HTTP/2 to clients that begin with it (prior knowledge,
   * RFC 9113 §3.3), beside HTTP/1.1 on the same port. Proxies do so; browsers need TLS.
   *
   * @defaultValue false
   */
  readonly cleartext?: boolean
}

/** The options, checked and complete. */
export interface Http2Settings {
  readonly maxSocketsPerConnection: number
  /** In milliseconds. */
  readonly idleTimeout: number
  readonly streamWindow: number
  readonly connectionWindow: number
  readonly cleartext: boolean
}

/** RFC 9113 §6.9.1. */
const MAX_WINDOW = 2 ** 31 - 1

const TWO_MINUTES_MS = 120_000

/** Every option: its default, and which values are valid. */
export const HTTP2_OPTIONS: OptionTable<Http2Settings> = optionTable<Http2Settings>({
  maxSocketsPerConnection: wholeBetween(100, 1, 100_000),
  idleTimeout: timeLimit(TWO_MINUTES_MS),
  streamWindow: wholeBetween(512 * 1024, 1, MAX_WINDOW),
  connectionWindow: wholeBetween(4 * 1024 * 1024, 1, MAX_WINDOW),
  cleartext: flag(false),
})

/** The option `http2` of servers; `null`: off. */
export const HTTP2_OPTION: OptionRule<Http2Settings | null> = checked<
  Http2Settings | null,
  boolean | Http2Options
>(null, (act, value, _outer, name) => {
  if (value === false) return null
  return HTTP2_OPTIONS.read(optionReader(act), value === true ? {} : value, name)
})

/** The options of a server beside which `http2` cannot stand as it is. */
interface Http2Neighbours {
  readonly tls: TlsOptions | null
  readonly http: object | null
}

/** @throws {TypeError} for options that do not fit together with HTTP/2. */
export function requireFitForHttp2(
  act: string,
  { cleartext }: Http2Settings,
  { tls, http }: Http2Neighbours,
): void {
  if (tls === null && !cleartext) {
    throw new TypeError(
      `Cannot ${act}: option "http2" requires "tls" or "http2.cleartext", expected one of them`,
    )
  }
  if (tls !== null && cleartext) {
    throw new TypeError(
      `Cannot ${act}: option "http2.cleartext" cannot be combined with "tls", expected one of them`,
    )
  }
  if (tls !== null) requireNoAlpn(act, tls)
  if (http === null || !isExpress(http)) return
  throw new TypeError(
    `Cannot ${act}: option "http" is an Express application beside "http2", which throws for every` +
      ' request of HTTP/2 and so ends the process; expected another listener, or "http2" off',
  )
}

function requireNoAlpn(act: string, tls: TlsOptions): void {
  for (const name of ['ALPNProtocols', 'ALPNCallback'] as const) {
    if (tls[name] === undefined) continue
    throw new TypeError(
      `Cannot ${act}: option "tls.${name}" cannot be combined with "http2", expected one of them`,
    )
  }
}

/** Express replaces the prototype of requests by one for HTTP/1.1 (express#5462). */
function isExpress(listener: object): boolean {
  return ['handle', 'set', 'engine', 'render'].every(
    (name) => typeof Reflect.get(listener, name) === 'function',
  )
}
