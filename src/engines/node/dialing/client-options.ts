/**
 * What a client on Node may say beside the options of every client: TLS, proxies, Unix sockets.
 */

import type { Agent } from 'node:http'
import type { ConnectionOptions } from 'node:tls'

import { kindOf, requireObject } from '../../../base/internal.ts'
import type { WebSocketClientOptions } from '../../../client/index.ts'
import { readTransportMode } from '../server/embedded-options.ts'
import type { TransportMode } from '../transports/transport-choice.ts'

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

/** The names of the options that are Node's own. */
export const NODE_OPTION_NAMES: readonly string[] = [
  'tls',
  'agent',
  'socketPath',
  'transport',
] satisfies Array<keyof NodeClientOptions>

const ACT = 'open WebSocket'

/** They say where the connection goes, which the URL does. */
const PLACE_NAMES = ['host', 'port', 'path', 'socket']

/** @throws {TypeError} for an option of Node's own that means nothing. */
export function readDialerOptions(options: NodeClientOptions): DialerSettings {
  const { tls = {}, agent, socketPath } = options
  requireObject(ACT, 'option "tls"', tls)
  const place = PLACE_NAMES.find((name) => name in tls)
  if (place !== undefined) {
    throw new TypeError(`Cannot ${ACT}: option "tls" has ${place}, expected it in the URL`)
  }
  if (agent !== undefined && socketPath !== undefined) {
    throw new TypeError(`Cannot ${ACT}: options "agent" and "socketPath" are given, expected one`)
  }
  return {
    tls,
    agent: readAgent(agent),
    socketPath: readSocketPath(socketPath),
    transport: readTransportMode(ACT, options.transport),
  }
}

/** Anything that `node:http` takes for one: agents of packages do not always extend Node's. */
function readAgent(agent: Agent | undefined): Agent | null {
  if (agent === undefined) return null
  const given: unknown = agent
  const isAgent = typeof given === 'object' && given !== null && 'addRequest' in given
  if (isAgent && typeof given.addRequest === 'function') return agent
  throw new TypeError(
    `Cannot ${ACT}: option "agent" is ${kindOf(given)} without addRequest, expected an Agent of node:http`,
  )
}

function readSocketPath(path: string | undefined): string | null {
  if (path === undefined) return null
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  const is = path === '' ? 'empty' : typeof path === 'string' ? 'no path' : kindOf(path)
  throw new TypeError(`Cannot ${ACT}: option "socketPath" is ${is}, expected the path of a socket`)
}
