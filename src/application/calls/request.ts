/**
 * The upgrade request as interceptors and handlers see it.
 */

import { HttpHeaders } from '../../protocol/index.ts'
import { defaultPort, parseAuthority } from './authority.ts'
import { parseCookies } from './cookies.ts'
import type { UpgradeRequest } from '../engine.ts'
import { compacted, isCompact } from './kept-request.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'

/** The request of a call. Immutable. */
export interface ApplicationRequest {
  /** The method as sent: `GET` for an upgrade over HTTP/1.1. */
  readonly method: string

  /** The target of the request line, as sent: path and query, percent-encoded. */
  readonly uri: string

  /** The path that was matched: `.` and `..` resolved, percent-encoded. */
  readonly path: string

  /** Names are case-insensitive. */
  readonly headers: HttpHeaders

  /** The decoded query; empty if there is none. Always the same object: do not change it. */
  readonly queryParameters: URLSearchParams

  /**
   * Cookies by name. If a name occurs twice, the first value counts. Invalid pairs are left out.
   * RFC 6265 §5.4.
   */
  readonly cookies: ReadonlyMap<string, string>

  /** Both ends of the connection on which the request arrived. */
  readonly local: RequestOrigin

  /**
   * The client and the requested host. The same as `local`, unless a plugin that trusts a proxy
   * changed it (`Application.resolveOrigin`). Ktor: `call.request.origin`.
   */
  readonly origin: RequestOrigin
}

/** The client's address and the requested host. Ktor: `RequestConnectionPoint`. */
export interface RequestOrigin {
  /** `https` if the client uses TLS. */
  readonly scheme: 'http' | 'https'

  /**
   * The **requested** host, from the target or the `Host` header: lower case, without port, an IPv6
   * address without brackets. The local address if the request names no host. The client's address
   * is `remoteHost`.
   */
  readonly host: string

  /** The requested port; the scheme's default (80, 443) if the request names none. */
  readonly port: number

  /** The address of the client; `''` if the transport has none (memory, a Unix socket). */
  readonly remoteHost: string

  /** The port of the client; `null` if the transport has none. */
  readonly remotePort: number | null

  /** The request target, as sent. */
  readonly uri: string

  readonly method: string

  /** For example `HTTP/1.1`. */
  readonly version: string
}

/**
 * Returns where a request came from, given the result of the resolvers before it. Called once for
 * each call, before the origin rule and the interceptors. If it throws, the upgrade fails with 500.
 */
export type OriginResolver = (origin: RequestOrigin, request: ApplicationRequest) => RequestOrigin

/**
 * A request from an engine, as the application's code sees it. Made when `call.request` is first
 * read. Its parts are made when they are first used, and stored in one object beside it.
 */
export class IncomingRequest implements ApplicationRequest {
  readonly path: string
  #raw: UpgradeRequest
  readonly #resolvers: readonly OriginResolver[]
  #parts: RequestParts | null = null

  constructor(raw: UpgradeRequest, target: RequestTarget, resolvers: readonly OriginResolver[]) {
    this.path = target.path
    this.#raw = raw
    this.#resolvers = resolvers
  }

  /** The request of the engine, or its compact copy. */
  get raw(): UpgradeRequest {
    return this.#raw
  }

  get method(): string {
    return this.#raw.method
  }

  get uri(): string {
    return this.#raw.target
  }

  /**
   * Replaces a large head with one string. Headers that are read afterwards are parsed from it each
   * time.
   */
  compact(): void {
    this.#raw = compacted(this.#raw)
    if (this.#parts !== null && isCompact(this.#raw)) delete this.#parts.headers
  }

  /** See `UpgradeRequest.engineRequest`. Heads are made compact only after the decision. */
  get engineRequest(): object | null | undefined {
    return this.#raw.engineRequest
  }

  get headers(): HttpHeaders {
    if (isCompact(this.#raw)) return new HttpHeaders(this.#raw.rawHeaders)
    this.#parts ??= {}
    this.#parts.headers ??= new HttpHeaders(this.#raw.rawHeaders)
    return this.#parts.headers
  }

  get queryParameters(): URLSearchParams {
    this.#parts ??= {}
    this.#parts.query ??= new URLSearchParams(parseRequestTarget(this.#raw.target)?.query)
    return this.#parts.query
  }

  get cookies(): ReadonlyMap<string, string> {
    this.#parts ??= {}
    // HTTP/2 may send several headers (RFC 9113 §8.2.3), which form one list.
    this.#parts.cookies ??= parseCookies(this.headers.getAll('cookie').join(';'))
    return this.#parts.cookies
  }

  get local(): RequestOrigin {
    return localOrigin(this.#raw)
  }

  get origin(): RequestOrigin {
    if (this.#resolvers.length === 0) return this.local
    this.#parts ??= {}
    this.#parts.origin ??= this.#resolvers.reduce(
      (origin, resolve) => resolve(origin, this),
      this.local,
    )
    return this.#parts.origin
  }
}

/** The parts of a request that have been created. */
interface RequestParts {
  headers?: HttpHeaders
  query?: URLSearchParams
  cookies?: ReadonlyMap<string, string>
  origin?: RequestOrigin
}

/** Returns both ends of the connection on which `raw` arrived. */
export function localOrigin(raw: UpgradeRequest): RequestOrigin {
  const { local, remote, encrypted, method, target, httpVersion, rawHeaders } = raw
  const scheme = encrypted ? 'https' : 'http'
  const asked =
    parseRequestTarget(target)?.authority ??
    parseAuthority(new HttpHeaders(rawHeaders).get('host') ?? '')
  const ownPort = defaultPort(scheme) ?? 0
  return {
    scheme,
    host: asked?.host ?? local.host ?? '',
    port: (asked === null ? local.port : asked.port) ?? ownPort,
    remoteHost: remote.host ?? '',
    remotePort: remote.port,
    uri: target,
    method,
    version: `HTTP/${httpVersion}`,
  }
}
