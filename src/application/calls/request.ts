/**
 * The request that asked for the upgrade, as interceptors and handlers see it.
 */

import { HttpHeaders } from '../../protocol/index.ts'
import { defaultPort, parseAuthority } from './authority.ts'
import { parseCookies } from './cookies.ts'
import type { TransportAddress } from '../../session/index.ts'
import type { UpgradeRequest } from '../engine.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'

/** The request of a call. Nothing in it changes. */
export interface ApplicationRequest {
  /** As sent; `GET` for an upgrade over HTTP/1.1. */
  readonly method: string

  /** The target of the request line, as sent: path and query, percent-encoded. */
  readonly uri: string

  /** The path that was matched: `.` and `..` resolved, still percent-encoded. */
  readonly path: string

  /** Names are compared without regard to case. */
  readonly headers: HttpHeaders

  /** The query, decoded; empty when there is none. The same object each time: not to be changed. */
  readonly queryParameters: URLSearchParams

  /** The cookies by name; of two with one name, the first. What is not a cookie is left out. RFC 6265 §5.4. */
  readonly cookies: ReadonlyMap<string, string>

  /** The connection that the request came on: what this process knows at first hand. */
  readonly local: RequestOrigin

  /**
   * Where the request came from and what it asked for: `local`, unless a plugin that trusts a proxy knows
   * better (`Application.resolveOrigin`). Ktor: `call.request.origin`.
   */
  readonly origin: RequestOrigin
}

/** Both ends of a request. Ktor: `RequestConnectionPoint`. */
export interface RequestOrigin {
  /** Whether the client speaks TLS. */
  readonly scheme: 'http' | 'https'

  /**
   * The host that was **asked for**: of the target or the `Host` header, in lower case, without port, an IPv6
   * address without brackets; this end's address when there is no such header. The client is `remoteHost`.
   */
  readonly host: string

  /** The port that was asked for; the scheme's own (80, 443) when none was named. */
  readonly port: number

  /** The address of the peer; `''` where the carrier has none (memory, a Unix socket). */
  readonly remoteHost: string

  /** The port of the peer; `null` where the carrier has none. */
  readonly remotePort: number | null

  /** The target as sent. */
  readonly uri: string

  readonly method: string

  /** Such as `HTTP/1.1`. */
  readonly version: string
}

/**
 * Answers where a request came from, given the answer so far. Called once for each call, before the origin
 * rule and the interceptors; what it throws makes the upgrade fail with 500.
 */
export type OriginResolver = (origin: RequestOrigin, request: ApplicationRequest) => RequestOrigin

/**
 * A request as an engine brought it. A session keeps its request, so that what is not asked for is not made; the
 * parts that are made are kept together, apart from it.
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
   * Keeps a large head as one string from here on. Headers that are asked for afterwards are read from it
   * each time.
   */
  compact(): void {
    if (this.#raw instanceof CompactRequest || this.headBytes < COMPACT_BYTES) return
    this.#raw = new CompactRequest(this.#raw)
    if (this.#parts !== null) delete this.#parts.headers
  }

  /** See `UpgradeRequest.engineRequest`. A head is made compact only after the decision. */
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
    // HTTP/2 may send several headers (RFC 9113 §8.2.3), which are one list.
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

  /** What the head of the request keeps in memory, in bytes. */
  get headBytes(): number {
    if (this.#raw instanceof CompactRequest) return this.#raw.headBytes
    const { target, rawHeaders } = this.#raw
    let bytes = target.length + rawHeaders.length * STRING_BYTES
    for (const text of rawHeaders) bytes += text.length
    return bytes
  }

  /** `origin.remoteHost`, without an origin being made where nobody has a say in it. */
  get remoteHost(): string {
    return this.#resolvers.length === 0 ? (this.#raw.remote.host ?? '') : this.origin.remoteHost
  }
}

/** What a string takes beyond its characters. */
const STRING_BYTES = 24

/** A larger head is kept as one string. Most heads are smaller, and share the strings of names. */
const COMPACT_BYTES = 2048

/** What no header has in it (RFC 9110 §5.5). */
const SEPARATOR = '\n'

/** A request whose headers are one string, and are divided again each time that they are asked for. */
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

/** What has been made of a request. */
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
