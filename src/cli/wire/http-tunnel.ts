/**
 * An agent that connects through an HTTP proxy with `CONNECT` (RFC 9110 §9.3.6).
 */

import { Agent, type ClientRequestArgs, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

import { UsageError } from '../exit-code.ts'

type Connected = (error: Error | null, stream: Duplex) => void

/** How long the proxy may take to answer. */
const PROXY_TIMEOUT_MS = 10_000

/**
 * Creates an agent for the connections of one client.
 *
 * @param isSecure whether the connections are `wss:`: TLS then goes through the tunnel.
 */
export function httpTunnel(proxy: URL, isSecure: boolean): Agent {
  return new TunnelAgent(proxy, isSecure)
}

/** @throws {UsageError} unless `text` is the URL of an HTTP proxy. */
export function readProxy(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(
      'Cannot use --proxy: expected a URL of http: or https:, such as http://proxy.example:3128',
    )
  }
  try {
    credentialsOf(url)
    return url
  } catch (cause) {
    throw new UsageError('Cannot use --proxy: its name or password has an invalid escape', {
      cause,
    })
  }
}

class TunnelAgent extends Agent {
  /** Node refuses an agent whose protocol is not that of the request. */
  readonly protocol: 'http:' | 'https:'
  readonly #proxy: URL

  constructor(proxy: URL, isSecure: boolean) {
    super()
    this.#proxy = proxy
    this.protocol = isSecure ? 'https:' : 'http:'
  }

  /** Called by Node, which gets the socket through `connected`. */
  override createConnection(options: ClientRequestArgs, connected: Connected = () => {}): null {
    const { host, port } = options
    const name = host ?? ''
    const place = `${name.includes(':') ? `[${name}]` : name}:${port ?? ''}`
    // Node ignores the stream beside an error.
    const fail = (error: Error): void => connected(error, new Socket())
    const ask = this.#proxy.protocol === 'https:' ? requestSecurely : requestPlainly
    const request = ask({
      method: 'CONNECT',
      host: this.#proxy.hostname.replaceAll(/^\[|\]$/g, ''),
      port: this.#proxy.port,
      path: place,
      headers: { Host: place, ...credentialsOf(this.#proxy) },
      agent: false,
      timeout: PROXY_TIMEOUT_MS,
    })
    request.on('timeout', () => request.destroy(new Error('The proxy did not answer in time')))
    request.on('error', fail)
    request.on('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode !== 200) {
        socket.destroy()
        fail(new Error(`The proxy answered with status ${statusCode}`))
        return
      }
      if (head.length > 0) socket.unshift(head)
      connected(null, this.#secure(options, socket))
    })
    request.end()
    return null
  }

  #secure(options: ClientRequestArgs, socket: Socket): Duplex {
    if (this.protocol === 'http:') return socket
    // The client has passed the options of `tls.connect` beside those of the request.
    return connectTls({ ...(options as ConnectionOptions), socket })
  }
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}
