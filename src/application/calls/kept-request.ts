/**
 * The engine's request as a session keeps it. A large head becomes one string; a small one stays as
 * it is, because it shares the strings of its names.
 */

import type { TransportAddress } from '../../session/index.ts'
import type { UpgradeRequest } from '../engine.ts'

/** The memory that a string takes beside its characters. */
const STRING_BYTES = 24

/** A larger head is kept as one string. */
const COMPACT_BYTES = 2048

/** A character that no header contains (RFC 9110 §5.5). */
const SEPARATOR = '\n'

/** Returns the memory that the head of `request` holds, in bytes. */
export function headBytesOf(request: UpgradeRequest): number {
  if (request instanceof CompactRequest) return request.headBytes
  const { target, rawHeaders } = request
  let bytes = target.length + rawHeaders.length * STRING_BYTES
  for (const text of rawHeaders) bytes += text.length
  return bytes
}

/** Returns `request`, or a copy that keeps its large head as one string. */
export function compacted(request: UpgradeRequest): UpgradeRequest {
  if (request instanceof CompactRequest || headBytesOf(request) < COMPACT_BYTES) return request
  return new CompactRequest(request)
}

/** Whether the headers of `request` are split out of one string each time they are read. */
export function isCompact(request: UpgradeRequest): boolean {
  return request instanceof CompactRequest
}

/** A request that stores its headers as one string. */
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

  /** The decision is over: the engine's request is gone. */
  get engineRequest(): null {
    return null
  }

  get rawHeaders(): readonly string[] {
    return this.#headers.split(SEPARATOR)
  }

  get headBytes(): number {
    return this.target.length + this.#headers.length + 2 * STRING_BYTES
  }
}
