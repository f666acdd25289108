/**
 * The options of `embeddedServer`, and their check.
 */

import {
  kindOf,
  readSwitch,
  readWholeNumber,
  requireKnownNames,
  requireObject,
} from '../../../base/internal.ts'
import { availableParallelism } from 'node:os'
import type { TlsOptions } from 'node:tls'

import type { Logger, StopOptions } from '../../../application/index.ts'
import { type DrainTimes, readStopOptions } from '../../../application/internal.ts'
import type { HttpListener } from './plain-requests.ts'
import type { TransportMode } from '../transports/transport-choice.ts'

/** How a server of our own is made. */
export interface EmbeddedServerOptions {
  /** 0 to 65535; 0 takes any free one, see `EmbeddedServer.address`. @defaultValue 8080 */
  readonly port?: number

  /**
   * The address or host name to listen on: `127.0.0.1` for this machine alone.
   *
   * @defaultValue all addresses of the machine
   */
  readonly host?: string

  /**
   * The path of a Unix socket to listen on (on Windows, the name of a pipe), in place of `port` and `host`.
   * The file must not be there; stopping removes it. One process alone can listen, so not with `workers`.
   *
   * @defaultValue TCP
   */
  readonly socketPath?: string

  /** Certificate, key and whatever else `node:tls` takes: the server then speaks HTTPS and `wss:`. */
  readonly tls?: TlsOptions

  /**
   * Answers the requests that ask for no upgrade and are not for the path of a WebSocket: any listener of
   * `node:http`, such as an Express application, `koa.callback()`, or a fetch handler by way of
   * `getRequestListener` of `@hono/node-server`. What it throws is logged and answered with 500.
   *
   * @defaultValue 404 for all of them
   */
  readonly http?: HttpListener

  /**
   * Whether SIGTERM and SIGINT stop the server, and then end the process, with code 0 unless
   * `process.exitCode` says otherwise. A second signal, a second or more later, ends it at once. While other
   * code of the process listens for the signal too, ending the process is left to it.
   *
   * @defaultValue true
   */
  readonly signals?: boolean

  /**
   * How the server stops at a signal, and at a `stop()` without options: `grace`, `timeout` and
   * `reconnectWithin`, see `StopOptions`. Options given to `stop(options)` replace these as a whole.
   *
   * @defaultValue the defaults of `StopOptions`
   */
  readonly stop?: StopOptions

  /**
   * What accepts and carries connections. `'auto'` uses TCP handles: upgrades are accepted on the
   * listening handle, and sessions run without a `net.Socket`. Handles are tried once at the start;
   * where the trial fails, and under TLS, Node's HTTP server accepts and streams carry. `'stream'`
   * always uses Node's public stream interface. Both behave alike; a handle costs less time and
   * memory, see `docs/benchmarks.md`.
   *
   * @defaultValue 'auto'
   */
  readonly transport?: TransportMode

  /**
   * Largest head of a request, in bytes: request line and all headers. A whole number above 0; a larger one gets 431
   * from Node itself, before any route is looked up. Upgrades have limits of their own below it, which
   * `monitor` tells of: `maxHeaderSize` and `maxHeaderCount` of `WebSocketsOptions`. RFC 6585 §5.
   *
   * @defaultValue 32 KiB (32768)
   */
  readonly maxHeadSize?: number

  /**
   * How many processes serve: a whole number above 0, or `'auto'` for as many as this machine can run at once.
   * With 1 it is this process. With more it is that many copies of the program, started by `start()` (with
   * `node:cluster`, and so with the same arguments, options of Node and `cluster.settings`), in which the same
   * call of `embeddedServer` serves; this process hands them the connections, in turn, replaces those that
   * end, and stops them. Sessions, `monitor` and all limits are each worker's own.
   *
   * In a worker that something else has started, such as the cluster mode of pm2, it means 1.
   *
   * @defaultValue 1
   */
  readonly workers?: number | 'auto'

  /** See `ApplicationOptions.logger`. */
  readonly logger?: Logger
}

/** The options, checked and complete. */
export interface ServerSettings {
  readonly port: number
  readonly host: string | null
  readonly socketPath: string | null
  readonly tls: TlsOptions | null
  readonly http: HttpListener | null
  readonly signals: boolean
  readonly stop: DrainTimes
  readonly transport: TransportMode
  readonly maxHeadSize: number
  readonly workers: number
  readonly logger: Logger | null
}

const ACT = 'make the server'
const DEFAULT_PORT = 8080
const DEFAULT_MAX_HEAD_BYTES = 32 * 1024

const OPTION_NAMES: readonly string[] = [
  'port',
  'host',
  'socketPath',
  'tls',
  'http',
  'signals',
  'stop',
  'transport',
  'maxHeadSize',
  'workers',
  'logger',
] satisfies Array<keyof EmbeddedServerOptions>

/** @throws {TypeError | RangeError} for an option that is not known or means nothing. */
export function readOptions(options: EmbeddedServerOptions): ServerSettings {
  requireObject(ACT, 'what was given', options)
  requireKnownNames(ACT, options, OPTION_NAMES)
  const { tls, logger } = options
  if (tls !== undefined) requireObject(ACT, 'option "tls"', tls)
  return {
    port: readPort(options.port),
    host: readHost(options.host),
    socketPath: readSocketPath(options),
    tls: tls ?? null,
    http: readHttp(options.http),
    signals: readSwitch(ACT, 'signals', options.signals, true),
    stop: readStopOptions(options.stop ?? {}, `${ACT}, option "stop"`),
    transport: readTransportMode(ACT, options.transport),
    maxHeadSize: readWholeNumber(ACT, 'maxHeadSize', options.maxHeadSize, DEFAULT_MAX_HEAD_BYTES, {
      min: 1,
    }),
    workers: readWorkers(options.workers),
    logger: logger ?? null,
  }
}

function readPort(port: unknown = DEFAULT_PORT): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  const message = `Cannot ${ACT}: option "port" is ${kindOf(port)}, expected a whole number from 0 to 65535`
  throw typeof port === 'number' ? new RangeError(message) : new TypeError(message)
}

function readWorkers(workers: unknown): number {
  if (workers === 'auto') return availableParallelism()
  if (typeof workers !== 'string') return readWholeNumber(ACT, 'workers', workers, 1, { min: 1 })
  throw new TypeError(
    `Cannot ${ACT}: option "workers" is a string, expected a whole number above 0, or "auto"`,
  )
}

function readHost(host: unknown): string | null {
  if (host === undefined) return null
  if (typeof host === 'string' && host !== '') return host
  const what = host === '' ? 'empty' : kindOf(host)
  throw new TypeError(`Cannot ${ACT}: option "host" is ${what}, expected an address or a host name`)
}

function readSocketPath({
  socketPath,
  port,
  host,
  workers = 1,
}: EmbeddedServerOptions): string | null {
  if (socketPath === undefined) return null
  if (typeof socketPath !== 'string' || socketPath === '') {
    const what = socketPath === '' ? 'empty' : kindOf(socketPath)
    throw new TypeError(`Cannot ${ACT}: option "socketPath" is ${what}, expected a path`)
  }
  if (port === undefined && host === undefined && workers === 1) return socketPath
  throw new TypeError(
    `Cannot ${ACT}: option "socketPath" stands beside "port", "host" or "workers", expected it alone`,
  )
}

function readHttp(http: HttpListener | undefined): HttpListener | null {
  if (http === undefined) return null
  if (typeof http === 'function') return http
  throw new TypeError(
    `Cannot ${ACT}: option "http" is ${kindOf(http)}, expected a function (request, response);` +
      ' getRequestListener(app.fetch) of @hono/node-server makes one of a fetch handler',
  )
}

/** @throws {TypeError} for anything but the two modes. */
export function readTransportMode(act: string, mode: unknown = 'auto'): TransportMode {
  if (mode === 'auto' || mode === 'stream') return mode
  throw new TypeError(
    `Cannot ${act}: option "transport" is ${kindOf(mode)}, expected "auto" or "stream"`,
  )
}
