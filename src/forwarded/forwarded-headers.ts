/**
 * The plugin `ForwardedHeaders`: behind a proxy, `call.request.origin` tells of the client and of
 * what the client asked for, as the proxy says.
 *
 * Everybody can send these headers, so nothing in them is believed that a trusted proxy has not
 * written. They are read from the right, where the nearest proxy has written, up to the first that
 * is not trusted: that is the client, and what stands to the left of it is what the client claims.
 */

import type forwardedParse from 'forwarded-parse'

import { kindOf } from '../base/internal.ts'
import {
  type ApplicationRequest,
  definePlugin,
  type Plugin,
  type RequestOrigin,
} from '../application/index.ts'
import { HandshakeError } from '../protocol/index.ts'
import { resolveForwarded } from './forwarded-origin.ts'
import {
  type ForwardedHeaderName,
  type Forwarding,
  readForwarded,
  readXForwarded,
} from './forwarding.ts'
import { loadPackage } from '../packages/index.ts'
import { type ProxyTrust, readTrust } from './proxy-trust.ts'

/** The options of `ForwardedHeaders`. */
export interface ForwardedHeadersOptions {
  /**
   * Which proxies are trusted. There is no default: to trust nobody is what an application does
   * without this plugin, and to trust anybody else is for you to say.
   */
  readonly trust: ProxyTrust

  /**
   * The headers that **your proxies set or append to on every request**; the others are not read. A
   * header that a proxy passes on as it came says what the client likes. Either some of the four
   * `X-Forwarded-…`, or `Forwarded` alone (RFC 7239), because hardly a proxy looks after both
   * families.
   *
   * @defaultValue `['x-forwarded-for', 'x-forwarded-proto']`
   */
  readonly headers?: readonly ForwardedHeaderName[]
}

/**
 * Lets `call.request.origin` tell of the client instead of the proxy, and with it the rule of the
 * same origin, the limit of connections per address, and everything else that asks for it:
 *
 * - `remoteHost`: the address that the outermost trusted proxy was connected from; `''` where that
 *   proxy does not tell. `remotePort`: its port where a header has it, else `null`;
 * - `scheme`: `https` for `https` and `wss`, `http` for `http` and `ws`;
 * - `host`, `port`: those of `X-Forwarded-Host` or of `host` in `Forwarded`, else those of `Host`;
 *   the port of `X-Forwarded-Port` before these; without one the scheme's own.
 *
 * The headers of a peer that is not trusted are not looked at. An upgrade for which a trusted proxy
 * sends what cannot be understood is refused with 400.
 *
 * Needs the packages `@fastify/proxy-addr`, when proxies are trusted by address, and
 * `forwarded-parse`, for `Forwarded`. Ktor: `XForwardedHeaders`, `ForwardedHeaders`.
 *
 * @throws {PackageMissingError} when it is installed without such a package.
 *
 * @example
 * app.install(ForwardedHeaders, { trust: 'loopback' })
 */
export const ForwardedHeaders: Plugin<ForwardedHeadersOptions, void> = definePlugin<
  ForwardedHeadersOptions,
  void
>({
  name: 'ForwardedHeaders',
  optionNames: ['trust', 'headers'],
  install(app, options) {
    const isTrusted = readTrust(ACT, options.trust)
    const read = readHeaders(options.headers ?? DEFAULT_HEADERS)
    const unreadable = new WeakMap<ApplicationRequest, HandshakeError>()

    app.resolveOrigin((origin, request) => {
      if (!isTrusted(origin.remoteHost, 0)) return origin
      try {
        return resolveForwarded(origin, read(request), isTrusted)
      } catch (error) {
        if (!(error instanceof HandshakeError)) throw error
        unreadable.set(request, error)
        return { ...origin, ...UNKNOWN_CLIENT }
      }
    })
    app.routing((route) => {
      route.intercept(({ request }) => {
        // To go on as if the header were not there would let a client pass for the proxy.
        const error = unreadable.get(request)
        return error === undefined ? undefined : refusal(error)
      })
    })
  },
})

const ACT = 'install ForwardedHeaders'

/** What about every proxy sets, by the examples of its own documentation. */
const DEFAULT_HEADERS = ['x-forwarded-for', 'x-forwarded-proto'] as const

const X_FORWARDED: ReadonlySet<ForwardedHeaderName> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
])

const UNKNOWN_CLIENT: Pick<RequestOrigin, 'remoteHost' | 'remotePort'> = {
  remoteHost: '',
  remotePort: null,
}

/** Checks the option `headers`. @returns how they are read. */
function readHeaders(
  headers: readonly ForwardedHeaderName[],
): (request: ApplicationRequest) => Forwarding {
  const list: unknown = headers
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot ${ACT}: option "headers" is ${kindOf(list)}, expected a list of headers`,
    )
  }
  if (headers.length === 1 && headers[0] === 'forwarded') {
    // The package's own types say what it exports.
    const parse = loadPackage(ACT, 'forwarded-parse') as typeof forwardedParse
    return (request) => readForwarded(request, parse)
  }
  const names: ReadonlySet<ForwardedHeaderName> = new Set(headers)
  const stranger = [...names].find((name) => !X_FORWARDED.has(name))
  if (names.size === 0 || stranger !== undefined) {
    const what = stranger === undefined ? 'is empty' : `has ${shown(stranger)} among others`
    const expected = `some of "${[...X_FORWARDED].join('", "')}", or "forwarded" alone`
    throw new TypeError(`Cannot ${ACT}: option "headers" ${what}, expected ${expected}`)
  }
  return (request) => readXForwarded(request, names)
}

function shown(name: unknown): string {
  return typeof name === 'string' ? `"${name}"` : kindOf(name)
}

function refusal({ status, message }: HandshakeError): Response {
  return new Response(`${message}\n`, { status })
}
