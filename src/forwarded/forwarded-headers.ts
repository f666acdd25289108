/**
 * The plugin `ForwardedHeaders`: behind a proxy, `call.request.origin` describes the client and the
 * host that the client asked for, as the proxy reports them.
 *
 * Any client can send these headers, so only the parts that a trusted proxy has written are used.
 * They are read from the right, where the nearest proxy has written, up to the first address that
 * is not trusted. That address is the client; everything to its left is only the client's claim.
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
   * Which proxies are trusted. There is no default: without this plugin no proxy is trusted, and
   * only you know which ones are trustworthy.
   */
  readonly trust: ProxyTrust

  /**
   * The headers that **your proxies set or append to on every request**; other headers are ignored.
   * A header that a proxy passes on unchanged is under the client's control. Use either some of the
   * four `X-Forwarded-…`, or `Forwarded` alone (RFC 7239), because hardly any proxy maintains both
   * families.
   *
   * @defaultValue `['x-forwarded-for', 'x-forwarded-proto']`
   */
  readonly headers?: readonly ForwardedHeaderName[]
}

/**
 * Makes `call.request.origin` describe the client instead of the proxy. The same-origin rule, the
 * limit of connections per address, and all other users of the origin then see the client.
 *
 * - `remoteHost`: the address that connected to the outermost trusted proxy; `''` where that proxy
 *   hides it. `remotePort`: its port if a header has it, otherwise `null`;
 * - `scheme`: `https` for `https` and `wss`, `http` for `http` and `ws`;
 * - `host`, `port`: from `X-Forwarded-Host` or from `host` in `Forwarded`, otherwise from `Host`.
 *   The port of `X-Forwarded-Port` takes precedence; without any, the default port of the scheme.
 *
 * Headers of an untrusted peer are ignored. An upgrade with an invalid header of a trusted proxy is
 * refused with 400.
 *
 * Needs the packages `@fastify/proxy-addr`, when proxies are trusted by address, and
 * `forwarded-parse`, for `Forwarded`. Ktor: `XForwardedHeaders`, `ForwardedHeaders`.
 *
 * @throws {PackageMissingError} when a needed package is not installed.
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
        // To ignore the header would let a client pass for the proxy.
        const error = unreadable.get(request)
        return error === undefined ? undefined : refusal(error)
      })
    })
  },
})

const ACT = 'install ForwardedHeaders'

/** The headers that nearly every proxy sets, according to its documentation. */
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

/** Checks the option `headers`. @returns the function that reads them. */
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
    // The package's own types describe its exports.
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
