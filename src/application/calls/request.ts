/**
 * The upgrade request as interceptors and handlers see it.
 */

import { HttpHeaders } from '../../protocol/index.ts'
import { defaultPort, parseAuthority } from './authority.ts'
import { parseCookies } from './cookies.ts'
import type { TransportAddress } from '../../session/index.ts'
import type { UpgradeRequest } from '../engine.ts'
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
 * A request from an engine. Sessions keep their request, so its parts are created only when they
 * are used, and stored in one object beside it.
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
    if (this.#raw instanceof CompactRequest || this.headBytes < COMPACT_BYTES) return
    this.#raw = new CompactRequest(this.#raw)
    if (this.#parts !== null) delete this.#parts.headers
  }

  /** See `UpgradeRequest.engineRequest`. Heads are made compact only after the decision. */
  get engineRequest(): object | null | undefined {
    return this.#raw instanceof CompactRequest ? null : this.#raw.engineRequest
  }

  get headers(): HttpHeaders {
    if (this.#raw instanceof CompactRequest) return new HttpHeaders(this.#raw.rawHeaders)
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
    return readLocal(this.#raw)
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

  /** The memory that the head of the request holds, in bytes. */
  get headBytes(): number {
    if (this.#raw instanceof CompactRequest) return this.#raw.headBytes
    const { target, rawHeaders } = this.#raw
    let bytes = target.length + rawHeaders.length * STRING_BYTES
    for (const text of rawHeaders) bytes += text.length
    return bytes
  }

  /** The same as `origin.remoteHost`, without creating an origin if there are no resolvers. */
  get remoteHost(): string {
    return this.#resolvers.length === 0 ? (this.#raw.remote.host ?? '') : this.origin.remoteHost
  }
}

/** The memory that a string takes beside its characters. */
const STRING_BYTES = 24

/**
 * A larger head is kept as one string. Most heads are smaller, and share the strings of their
 * names.
 */
const COMPACT_BYTES = 2048

/** A character that no header contains (RFC 9110 §5.5). */
const SEPARATOR = '\n'

/** A request that stores its headers as one string and splits it each time they are read. */
class CompactRequest implements UpgradeRequest {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  readonly hasBody: boolean
  readonly encrypted: boolean
  readonly local: TransportAddress
  readonly remote: TransportAddress
  readonly #headers: string

  constructor(raw: UpgradeRequest) {
    this.method = raw.method
    this.target = raw.target
    this.httpVersion = raw.httpVersion
    this.hasBody = raw.hasBody
    this.encrypted = raw.encrypted
    this.local = raw.local
    this.remote = raw.remote
    this.#headers = raw.rawHeaders.join(SEPARATOR)
  }

  get rawHeaders(): readonly string[] {
    return this.#headers.split(SEPARATOR)
  }

  get headBytes(): number {
    return this.target.length + this.#headers.length + 2 * STRING_BYTES
  }
}

/** The parts of a request that have been created. */
interface RequestParts {
  headers?: HttpHeaders
  query?: URLSearchParams
  cookies?: ReadonlyMap<string, string>
  origin?: RequestOrigin
}

function readLocal(raw: UpgradeRequest): RequestOrigin {
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
