/**
 * Gets connections on Node: names, TCP, TLS, Unix sockets, the proxies of agents, and HTTP/1.1 up to the answer.
 *
 * The request goes through `node:http`, whose parser is strict and bounds the headers. The socket is our own, one for
 * each session and never out of a pool; only with an `agent` is it that agent's. What of it fails is told by the step
 * that it fails at.
 */

import { type ClientRequest, type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity as checkName, connect as connectTls, TLSSocket } from 'node:tls'

import { Deferred } from '../../../base/internal.ts'
import { ConnectError } from '../../../client/index.ts'
import type { Dialer, DialOutcome, DialRequest, NetworkStep } from '../../../client/internal.ts'
import { HandshakeError, HttpHeaders } from '../../../protocol/index.ts'
import type { ClientTlsOptions, DialerSettings } from './client-options.ts'
import { connectionFacts } from '../transports/connection-facts.ts'
import { dialFailure } from './dial-failure.ts'
import type { TransportChoice } from '../transports/transport-choice.ts'

/** How much of the body of a refusal is kept. */
const MAX_BODY_BYTES = 64 * 1024

/** Status line and headers of an answer; as much as a server of ours takes of a request. */
const MAX_HEAD_BYTES = 32 * 1024

/**
 * How many addresses of a name share `connectTimeout`: each address but the last has this part of it. Two seconds of
 * the default leave time for a lost packet to be sent again, which takes TCP one second.
 */
const ADDRESS_SHARES = 5

/** What an address has where there is no `connectTimeout`: the share of the default. */
const DEFAULT_ADDRESS_MS = 2_000

/** Node refuses a shorter time for one address. */
const MIN_ADDRESS_MS = 10

/** What of `tls` holds for any host; the rest says who the client is, or what to make of one host. */
const TLS_FOR_ANYBODY = [
  'ALPNProtocols',
  'ca',
  'ciphers',
  'crl',
  'ecdhCurve',
  'maxVersion',
  'minDHSize',
  'minVersion',
  'sigalgs',
] as const satisfies ReadonlyArray<keyof ClientTlsOptions>

/** Dials for the sessions of one call. */
export class NodeDialer implements Dialer {
  readonly #settings: DialerSettings
  readonly #transports: TransportChoice

  constructor(settings: DialerSettings, transports: TransportChoice) {
    this.#settings = settings
    this.#transports = transports
  }

  async dial(request: DialRequest): Promise<DialOutcome> {
    // Milliseconds, once in a process; at most the seconds that a failing trial may take.
    await this.#transports.ready()
    request.signal.throwIfAborted()
    return new Dialing(request, this.#settings, this.#transports).outcome
  }
}

/** One request under way. */
class Dialing {
  readonly #request: DialRequest
  readonly #settings: DialerSettings
  readonly #transports: TransportChoice
  readonly #outcome = new Deferred<DialOutcome>()
  readonly #http: ClientRequest
  readonly #place: string
  #step: NetworkStep
  #socket: Socket | null = null
  #answer: { readonly message: IncomingMessage; readonly body: Buffer[]; size: number } | null =
    null

  constructor(request: DialRequest, settings: DialerSettings, transports: TransportChoice) {
    this.#request = request
    this.#settings = settings
    this.#transports = transports
    this.#place = settings.socketPath ?? request.url.host
    this.#step = settings.agent === null ? 'resolve' : 'proxy'
    if (settings.agent !== null) request.entered('proxy')

    this.#http = this.#begin()
    this.#http.on('error', (error) => this.#fail(error))
    this.#http.on('socket', (socket) => this.#watch(socket))
    this.#http.on('upgrade', (message, socket, head) => this.#switched(message, socket, head))
    this.#http.on('response', (message) => this.#answered(message))
    request.signal.addEventListener('abort', this.#onAborted)
    this.#http.end()
  }

  get outcome(): Promise<DialOutcome> {
    return this.#outcome.promise
  }

  #begin(): ClientRequest {
    const { url } = this.#request
    const { agent } = this.#settings
    const isSecure = url.protocol === 'wss:'
    const common = {
      method: 'GET',
      path: url.pathname + url.search,
      headers: toFields(this.#request.headers),
      setHost: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      insecureHTTPParser: false,
    }
    if (agent === null) {
      const socket = this.#connect(isSecure)
      return requestPlainly({ ...common, createConnection: () => socket })
    }
    const target = {
      ...common,
      agent,
      host: hostOf(url),
      port: portOf(url),
      autoSelectFamilyAttemptTimeout: this.#addressTimeout(),
    }
    if (!isSecure) return requestPlainly({ ...target, protocol: 'http:' })
    return requestSecurely({ ...this.#tls(), ...target, protocol: 'https:' })
  }

  #connect(isSecure: boolean): Socket {
    const { url } = this.#request
    const { socketPath } = this.#settings
    const place =
      socketPath === null ? { host: hostOf(url), port: portOf(url) } : { path: socketPath }
    // The peer's FIN must not end our direction: a Close frame may still have to go out.
    const options = { ...place, allowHalfOpen: true }
    const addresses = { autoSelectFamilyAttemptTimeout: this.#addressTimeout() }
    if (!isSecure) return connectTcp({ ...addresses, ...options })
    const tls = { ...addresses, ...this.#tls(), ...options }
    try {
      return connectTls(tls)
    } catch (cause) {
      const what = 'node:tls does not take what it says'
      throw new TypeError(`Cannot open WebSocket: option "tls" is no use: ${what}`, { cause })
    }
  }

  /**
   * How long Node waits for one address of a name before it tries the next. Node's own 250 ms are less than a lost
   * packet or a distant server takes.
   */
  #addressTimeout(): number {
    const { connectTimeout } = this.#request
    if (connectTimeout === null) return DEFAULT_ADDRESS_MS
    return Math.max(MIN_ADDRESS_MS, Math.floor(connectTimeout / ADDRESS_SHARES))
  }

  /**
   * The name that is checked is the URL's, whatever the headers say about the host. Node would take `localhost` for
   * the name where it knows none: for an address that is reached through a Unix socket or a tunnel.
   */
  #tls(): ClientTlsOptions & { readonly servername: string } {
    const { tls } = this.#settings
    const host = hostOf(this.#request.url)
    const own = this.#request.isElsewhere ? forAnybody(tls) : tls
    const { servername = isIP(host) === 0 ? host : '', checkServerIdentity = checkName } = own
    return {
      ALPNProtocols: ['http/1.1'],
      ...own,
      servername,
      checkServerIdentity: (_name, peer) => {
        try {
          return checkServerIdentity(servername === '' ? host : servername, peer)
        } catch (error) {
          // Node would let it end the process: it expects what is wrong to be returned.
          return error instanceof Error ? error : new Error('checkServerIdentity() has thrown')
        }
      },
    }
  }

  /** Follows a socket through its steps. */
  #watch(socket: Socket): void {
    this.#socket = socket
    if (this.#isUnencrypted(socket)) return // the agent's own conversation with its proxy
    if (socket instanceof TLSSocket) socket.once('secureConnect', () => this.#enter('handshake'))
    const connected = (): void => this.#enter(isSecuring(socket) ? 'tls' : 'handshake')
    if (!socket.connecting) {
      connected()
      return
    }
    const isNamed = this.#settings.socketPath === null && isIP(hostOf(this.#request.url)) === 0
    if (isNamed) this.#step = 'resolve'
    else this.#enter('connect')
    socket.once('lookup', (error: Error | null) => {
      if (error === null) this.#enter('connect')
    })
    socket.once('connect', connected)
  }

  #enter(step: Exclude<NetworkStep, 'resolve' | 'protocol'>): void {
    this.#step = step
    this.#request.entered(step)
  }

  /** Whether `wss:` was asked for, and the agent has come up with something else. */
  #isUnencrypted(socket: Duplex): boolean {
    if (this.#request.url.protocol === 'ws:') return false
    return !('encrypted' in socket) || socket.encrypted !== true
  }

  #switched(message: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    if (this.#isUnencrypted(socket)) {
      socket.destroy()
      this.#reject(new ConnectError('proxy', 'the connection of the agent is not encrypted'))
      return
    }
    const transport = this.#transports.open(socket, head, connectionFacts(socket))
    const headers = new HttpHeaders(message.rawHeaders)
    this.#settle()
    if (this.#outcome.isSettled) transport.abort()
    this.#outcome.resolve({ type: 'switched', response: { status: 101, headers }, transport })
  }

  #answered(message: IncomingMessage): void {
    const { socket, statusCode } = message
    if (statusCode === 101) {
      this.#refuseSwitch()
      return
    }
    if (this.#isUnencrypted(socket) || (this.#settings.agent !== null && statusCode === 407)) {
      const what = `the proxy answered with status ${statusCode}, expected it to connect`
      this.#reject(new ConnectError('proxy', what))
      return
    }
    const answer = { message, body: [] as Buffer[], size: 0 }
    this.#answer = answer
    message.on('data', (chunk: Buffer) => {
      answer.body.push(chunk)
      answer.size += chunk.length
      if (answer.size >= MAX_BODY_BYTES) this.#tellAnswer()
    })
    // However it ends: what there is of the body is worth more than that there was to be more.
    message.on('end', () => this.#tellAnswer())
    message.on('error', () => this.#tellAnswer())
    message.on('close', () => this.#tellAnswer())
  }

  /** Without `Upgrade` and `Connection: Upgrade`, Node's parser takes a 101 for an answer like any other. */
  #refuseSwitch(): void {
    const what = 'the answer 101 breaks a rule of the handshake'
    const cause = new HandshakeError(
      101,
      'Cannot open WebSocket: the answer has not both Upgrade and Connection: Upgrade',
    )
    this.#reject(new ConnectError('protocol', what, { cause }))
  }

  #tellAnswer(): void {
    if (this.#answer === null) return
    const { message, body } = this.#answer
    const { statusCode: status = 0, rawHeaders } = message
    this.#drop()
    this.#outcome.resolve({
      type: 'answered',
      response: { status, headers: new HttpHeaders(rawHeaders) },
      body: Buffer.concat(body).subarray(0, MAX_BODY_BYTES),
    })
  }

  #fail(error: Error): void {
    if (this.#answer === null) this.#reject(dialFailure(this.#step, this.#place, error))
    else this.#tellAnswer()
  }

  #reject(error: unknown): void {
    this.#drop()
    this.#outcome.reject(error)
  }

  /** Nothing stays behind. Because of `Connection: Upgrade`, Node would keep the connection for another request. */
  #drop(): void {
    this.#settle()
    this.#http.destroy()
    this.#socket?.destroy()
  }

  readonly #onAborted = (): void => {
    if (this.#answer === null) this.#reject(this.#request.signal.reason)
    else this.#tellAnswer()
  }

  #settle(): void {
    this.#request.signal.removeEventListener('abort', this.#onAborted)
  }
}

/** Whether TLS is still to come, or under way. */
function isSecuring(socket: Socket): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true
}

/** Headers as `node:http` takes them: a name that is there more than once has all its values at its first place. */
function toFields(headers: DialRequest['headers']): Record<string, string | string[]> {
  const fields = new Map<string, { readonly name: string; readonly values: string[] }>()
  for (const [name, value] of headers) {
    const known = fields.get(name.toLowerCase())
    if (known === undefined) fields.set(name.toLowerCase(), { name, values: [value] })
    else known.values.push(value)
  }
  const entries = [...fields.values()].map(({ name, values }) => [
    name,
    values.length === 1 ? (values[0] ?? '') : values,
  ])
  return Object.fromEntries(entries) as Record<string, string | string[]> // made of just these
}

/** Without the brackets around an address of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'wss:' ? 443 : 80
}

function forAnybody(tls: ClientTlsOptions): ClientTlsOptions {
  const kept = TLS_FOR_ANYBODY.filter((name) => name in tls).map((name) => [name, tls[name]])
  return Object.fromEntries(kept) as ClientTlsOptions // some of its fields, as they were
}
