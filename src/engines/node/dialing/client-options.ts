/**
 * The options that only clients on Node have: TLS, agents, Unix sockets.
 */

import type { Agent } from 'node:http'
import type { ConnectionOptions } from 'node:tls'

import {
  checked,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  requireObject,
} from '../../../base/internal.ts'
import type { WebSocketClientOptions } from '../../../client/index.ts'
import { TRANSPORT_OPTION, type TransportMode } from '../transports/transport-choice.ts'

/** The options of `tls.connect`, except those that name the destination. */
export type ClientTlsOptions = Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>

/** The options of a client's connection and session on Node. */
export interface NodeClientOptions extends WebSocketClientOptions {
  /**
   * For `wss:`: `ca`, `cert`, `key`, `servername`, `rejectUnauthorized` and the other options of
   * `tls.connect`. By default, the certificate must be valid for the host of the URL. A `Host` in
   * `headers` does not change that.
   *
   * @defaultValue Node's own
   */
  readonly tls?: ClientTlsOptions

  /**
   * An agent for HTTP (`ws:`) or HTTPS (`wss:`) that makes the connection, such as an
   * `HttpsProxyAgent` of `https-proxy-agent`. For `wss:`, the connection must be encrypted.
   *
   * @defaultValue none: each session has its own connection
   */
  readonly agent?: Agent

  /**
   * The path of a Unix socket (on Windows, the name of a pipe) to connect to. The URL then provides
   * the request target and the host name to check, as in `ws://localhost/path`. Cannot be combined
   * with `agent`.
   *
   * @defaultValue none: TCP
   */
  readonly socketPath?: string

  /**
   * How bytes are read and written. `'auto'` uses the TCP handle under the socket, after one test
   * in the process; it uses a stream if the test fails, and for Unix sockets. `'stream'` always
   * uses Node's public stream interface.
   *
   * @defaultValue 'auto'
   */
  readonly transport?: TransportMode

  /**
   * Whether sessions are streams of HTTP/2 connections (RFC 8441), which the sessions of a client
   * share:
   *
   * - `false`: each session has an HTTP/1.1 connection of its own.
   * - `'auto'`: HTTP/2 for `wss:` if the server allows WebSockets over it, HTTP/1.1 if it does not.
   *   `ws:` and an `agent` always use HTTP/1.1.
   * - `true`: HTTP/2 only, for `ws:` without TLS (prior knowledge). Cannot be combined with
   *   `agent`.
   *
   * If a shared connection is lost, all of its sessions end. See docs/http2.md.
   *
   * @defaultValue false
   */
  readonly http2?: Http2Mode
}

/** The values of the option `http2` of clients. */
export type Http2Mode = boolean | 'auto'

/** The checked options of a dialer. */
export interface DialerSettings {
  readonly tls: ClientTlsOptions
  readonly agent: Agent | null
  readonly socketPath: string | null
  readonly transport: TransportMode
  readonly http2: Http2Mode
}

const ACT = 'open WebSocket'

/** Fields of `tls` that are refused, because the URL names the destination. */
const PLACE_NAMES = ['host', 'port', 'path', 'socket']

/** Fields of `tls` that choose the version of HTTP, as `http2` does. */
const ALPN_NAMES = ['ALPNProtocols', 'ALPNCallback']

/** The options of clients on Node, without those of every client. */
export const NODE_OPTIONS: OptionTable<DialerSettings> = optionTable<DialerSettings>({
  tls: checked<ClientTlsOptions>({}, readTls),
  agent: checked<Agent | null, Agent>(null, readAgent),
  socketPath: checked<string | null>(null, readSocketPath),
  transport: TRANSPORT_OPTION,
  http2: checked<Http2Mode>(false, readHttp2),
})

/** @throws {TypeError} for an invalid value of one of Node's own options. */
export function readDialerOptions(options: NodeClientOptions): DialerSettings {
  const settings = NODE_OPTIONS.lay(optionReader(ACT), options, NODE_OPTIONS.defaults)
  const { tls, agent, socketPath, http2 } = settings
  if (agent !== null && socketPath !== null) throw conflict('"agent" and "socketPath"')
  if (agent !== null && http2 === true) throw conflict('"agent" and "http2"')
  const alpn = ALPN_NAMES.find((name) => name in tls)
  if (http2 !== false && alpn !== undefined) throw conflict(`"tls.${alpn}" and "http2"`)
  return settings
}

function conflict(names: string): TypeError {
  return new TypeError(`Cannot ${ACT}: options ${names} are set, expected one of them`)
}

function readHttp2(act: string, http2: unknown): Http2Mode {
  if (typeof http2 === 'boolean' || http2 === 'auto') return http2
  const is = typeof http2 === 'string' ? 'another string' : kindOf(http2)
  throw new TypeError(`Cannot ${act}: option "http2" is ${is}, expected true, false or "auto"`)
}

function readTls(act: string, tls: unknown): ClientTlsOptions {
  requireObject(act, 'option "tls"', tls)
  const place = PLACE_NAMES.find((name) => name in tls)
  if (place === undefined) return tls
  throw new TypeError(`Cannot ${act}: option "tls" has ${place}, expected it in the URL`)
}

/** Accepts any agent that `node:http` accepts: agents of packages do not always extend Node's. */
function readAgent(act: string, agent: Agent): Agent {
  const given: unknown = agent
  const isAgent = typeof given === 'object' && given !== null && 'addRequest' in given
  if (isAgent && typeof given.addRequest === 'function') return agent
  throw new TypeError(
    `Cannot ${act}: option "agent" is ${kindOf(given)} without addRequest, expected an Agent of node:http`,
  )
}

function readSocketPath(act: string, path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  const is = path === '' ? 'empty' : typeof path === 'string' ? 'invalid' : kindOf(path)
  throw new TypeError(`Cannot ${act}: option "socketPath" is ${is}, expected the path of a socket`)
}
