/**
 * What a client on Node may say beside the options of every client: TLS, proxies, Unix sockets.
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

/** What `node:tls` takes for a connection, but for where it goes. */
export type ClientTlsOptions = Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>

/** How a client on Node connects, and what its session is like. */
export interface NodeClientOptions extends WebSocketClientOptions {
  /**
   * For `wss:`: `ca`, `cert`, `key`, `servername`, `rejectUnauthorized` and whatever else `tls.connect` takes. The
   * certificate has to be valid and for the host of the URL, unless this says otherwise; what `headers` say about
   * `Host` has no part in it.
   *
   * @defaultValue Node's own
   */
  readonly tls?: ClientTlsOptions

  /**
   * Gets the connection: an agent for HTTP (`ws:`) or HTTPS (`wss:`), such as an `HttpsProxyAgent` of
   * `https-proxy-agent`. What it does to the connection is its own affair; for `wss:` it has to come out encrypted.
   *
   * @defaultValue none: a connection of its own for every session
   */
  readonly agent?: Agent

  /**
   * The path of a Unix socket (on Windows, the name of a pipe) to connect to; the URL then says what is asked for and
   * the name to check, as in `ws://localhost/path`. Not together with `agent`.
   *
   * @defaultValue none: TCP
   */
  readonly socketPath?: string

  /**
   * What carries the session: `'auto'` is the TCP handle under the socket, tried out once in a process, and a stream
   * where there is none (TLS, Unix sockets) or the trial failed; `'stream'` is Node's public stream interface, always.
   *
   * @defaultValue 'auto'
   */
  readonly transport?: TransportMode
}

/** What the dialer is told. */
export interface DialerSettings {
  readonly tls: ClientTlsOptions
  readonly agent: Agent | null
  readonly socketPath: string | null
  readonly transport: TransportMode
}

const ACT = 'open WebSocket'

/** The URL says where the connection goes, so these fields of `tls` are invalid. */
const PLACE_NAMES = ['host', 'port', 'path', 'socket']

/** The options of clients on Node, beside those of every client. */
export const NODE_OPTIONS: OptionTable<DialerSettings> = optionTable<DialerSettings>({
  tls: checked<ClientTlsOptions>({}, readTls),
  agent: checked<Agent | null, Agent>(null, readAgent),
  socketPath: checked<string | null>(null, readSocketPath),
  transport: TRANSPORT_OPTION,
})

/** @throws {TypeError} for an invalid value of one of Node's own options. */
export function readDialerOptions(options: NodeClientOptions): DialerSettings {
  const settings = NODE_OPTIONS.lay(optionReader(ACT), options, NODE_OPTIONS.defaults)
  if (settings.agent === null || settings.socketPath === null) return settings
  throw new TypeError(`Cannot ${ACT}: options "agent" and "socketPath" are given, expected one`)
}

function readTls(act: string, tls: unknown): ClientTlsOptions {
  requireObject(act, 'option "tls"', tls)
  const place = PLACE_NAMES.find((name) => name in tls)
  if (place === undefined) return tls
  throw new TypeError(`Cannot ${act}: option "tls" has ${place}, expected it in the URL`)
}

/** Any agent that `node:http` accepts: agents of packages do not always extend Node's. */
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
  const is = path === '' ? 'empty' : typeof path === 'string' ? 'no path' : kindOf(path)
  throw new TypeError(`Cannot ${act}: option "socketPath" is ${is}, expected the path of a socket`)
}
