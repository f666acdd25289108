/**
 * An extended CONNECT (RFC 8441 §4) as the application reads it.
 */

import type { IncomingMessage } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

import type { UpgradeRequest } from '../../../application/index.ts'
import type { TransportAddress } from '../../../session/index.ts'
import type { ConnectionFacts } from '../transports/connection-facts.ts'
import { createConnectMessage } from './connect-message.ts'
import type { StreamInbox } from './stream-inbox.ts'

/** What arrived on a stream. */
export interface ArrivedConnect {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, pseudo-headers included. */
  readonly rawHeaders: readonly string[]
  /** What the stream's connection runs on, or Node's substitute for it. */
  readonly socket: () => Socket
}

/** The request. A session keeps it, so the decision releases the stream. */
export class ConnectRequest implements UpgradeRequest {
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly hasBody: boolean
  readonly local: TransportAddress
  readonly remote: TransportAddress
  readonly encrypted: boolean
  readonly connectionLimit?: number
  #inbox: StreamInbox | null
  /** `null` once the request has been decided. */
  #arrived: ArrivedConnect | null
  #message: IncomingMessage | null = null

  /** @param connectionLimit `null` while the connection has room for one more. */
  constructor(
    arrived: ArrivedConnect,
    { local, remote, encrypted }: ConnectionFacts,
    inbox: StreamInbox,
    connectionLimit: number | null,
  ) {
    const { stream, headers, rawHeaders } = arrived
    const length = headers['content-length']
    this.target = headers[':path'] ?? ''
    this.rawHeaders = headersOf(rawHeaders, headers[':authority'] ?? '')
    this.hasBody = stream.endAfterHeaders || (length !== undefined && Number(length) !== 0)
    this.local = local
    this.remote = remote
    this.encrypted = encrypted
    this.#inbox = inbox
    this.#arrived = arrived
    if (connectionLimit !== null) this.connectionLimit = connectionLimit
  }

  get method(): 'CONNECT' {
    return 'CONNECT'
  }

  get httpVersion(): '2' {
    return '2'
  }

  get bootstrap(): 'connect' {
    return 'connect'
  }

  get earlyBytes(): number {
    return this.#inbox?.bytes ?? 0
  }

  watchEarlyBytes(listener: (bytes: number) => void): void {
    if (this.#inbox !== null) this.#inbox.keeper = { unread: listener }
  }

  /** Made when it is asked for. */
  get engineRequest(): IncomingMessage | null {
    if (this.#arrived === null) return null
    const { headers, stream, socket } = this.#arrived
    this.#message ??= createConnectMessage(this, headers, stream, socket())
    return this.#message
  }

  /** The request has been decided. */
  decided(): void {
    this.#arrived = null
    this.#message = null
    if (this.#inbox !== null) this.#inbox.keeper = null
    this.#inbox = null
  }
}

/** Returns the headers without pseudo-headers, with the `:authority` as `host`. */
function headersOf(rawHeaders: readonly string[], authority: string): string[] {
  const headers = authority === '' ? [] : ['host', authority]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (name.startsWith(':')) continue
    // A `host` that differs stays, and the handshake refuses it: there are two then.
    if (name.toLowerCase() === 'host' && value === authority) continue
    headers.push(name, value)
  }
  return headers
}
