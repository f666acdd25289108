/**
 * Dials on Node: DNS, TCP, TLS, Unix sockets, agents' proxies, and HTTP/1.1 up to the response.
 *
 * The request goes through `node:http`, whose parser is strict and limits the headers. The socket
 * is the dialer's own and never pooled, unless an `agent` supplies it. Errors name the step that
 * failed.
 */

import { type ClientRequest, type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { Deferred } from '../../../base/internal.ts'
import { ConnectError } from '../../../client/index.ts'
import type { Dialer, DialOutcome, DialRequest, NetworkStep } from '../../../client/internal.ts'
import { HandshakeError, HttpHeaders } from '../../../protocol/index.ts'
import { AnswerBody } from './answer-body.ts'
import type { DialerSettings } from './client-options.ts'
import { connectionFacts } from '../transports/connection-facts.ts'
import { dialFailure } from './dial-failure.ts'
import {
  addressTimeout,
  followSocket,
  hostOf,
  openSocket,
  portOf,
  tlsOptions,
} from './dial-socket.ts'
import type { TransportChoice } from '../transports/transport-choice.ts'

/** Limit of a response's status line and headers: the same as a server's for requests. */
export const MAX_HEAD_BYTES: number = 32 * 1024

/** Dials for the sessions of one call. */
export class NodeDialer implements Dialer {
  readonly #settings: DialerSettings
  readonly #transports: TransportChoice

  constructor(settings: DialerSettings, transports: TransportChoice) {
    this.#settings = settings
    this.#transports = transports
  }

  /** @param socket is connected already, to the place of the request; `null`: none is. */
  async dial(request: DialRequest, socket: Socket | null = null): Promise<DialOutcome> {
    // Takes milliseconds, once in a process; seconds if the test of the transport fails.
    await this.#transports.ready()
    if (request.signal.aborted) socket?.destroy()
    request.signal.throwIfAborted()
    return new Dialing(request, this.#settings, this.#transports, socket).outcome
  }
}

/** One request in progress. */
class Dialing {
  readonly #request: DialRequest
  readonly #settings: DialerSettings
  readonly #transports: TransportChoice
  readonly #outcome = new Deferred<DialOutcome>()
  readonly #http: ClientRequest
  readonly #place: string
  #step: NetworkStep
  #socket: Socket | null = null
  #answer: { readonly message: IncomingMessage; readonly body: AnswerBody } | null = null

  constructor(
    request: DialRequest,
    settings: DialerSettings,
    transports: TransportChoice,
    connected: Socket | null,
  ) {
    this.#request = request
    this.#settings = settings
    this.#transports = transports
    this.#place = settings.socketPath ?? request.url.host
    this.#step = settings.agent === null ? 'resolve' : 'proxy'
    if (settings.agent !== null) request.entered('proxy')

    this.#http = this.#begin(connected)
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

  #begin(connected: Socket | null): ClientRequest {
    const { url } = this.#request
    const { agent } = this.#settings
    const common = {
      method: 'GET',
      path: url.pathname + url.search,
      headers: toFields(this.#request.headers),
      setHost: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      insecureHTTPParser: false,
    }
    if (agent === null) {
      const socket = connected ?? openSocket(this.#request, this.#settings)
      return requestPlainly({ ...common, createConnection: () => socket })
    }
    const target = {
      ...common,
      agent,
      host: hostOf(url),
      port: portOf(url),
      autoSelectFamilyAttemptTimeout: addressTimeout(this.#request),
    }
    if (url.protocol !== 'wss:') return requestPlainly({ ...target, protocol: 'http:' })
    const tls = tlsOptions(this.#request, this.#settings.tls)
    return requestSecurely({ ...tls, ...target, protocol: 'https:' })
  }

  /** Follows a socket through its steps. */
  #watch(socket: Socket): void {
    this.#socket = socket
    if (this.#isUnencrypted(socket)) return // the agent talks to its proxy
    const isNamed = this.#settings.socketPath === null && isIP(hostOf(this.#request.url)) === 0
    if (isNamed && socket.connecting) this.#step = 'resolve'
    followSocket(socket, isNamed, (step) => this.#enter(step))
  }

  #enter(step: Exclude<NetworkStep, 'resolve' | 'protocol'>): void {
    this.#step = step
    this.#request.entered(step)
  }

  /** Whether the URL is `wss:` and the agent supplied an unencrypted socket. */
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
    this.#answer = { message, body: new AnswerBody(message, () => this.#tellAnswer()) }
  }

  /** Node treats a 101 without `Upgrade` and `Connection: Upgrade` as an ordinary response. */
  #refuseSwitch(): void {
    const what = 'the 101 violates the handshake'
    const cause = new HandshakeError(
      101,
      'Cannot open WebSocket: the answer lacks Upgrade or Connection: Upgrade',
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
      body: body.bytes,
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

  /** Destroys the connection. Because of `Connection: Upgrade`, Node would keep it for reuse. */
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

/** Headers for Node's modules. All values of a name stand where the name occurs first. */
export function toFields(headers: DialRequest['headers']): Record<string, string | string[]> {
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
  return Object.fromEntries(entries) as Record<string, string | string[]> // made of these only
}
