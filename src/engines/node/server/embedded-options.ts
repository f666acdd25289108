/**
 * The options of `embeddedServer`, and their check.
 */

import {
  checked,
  flag,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  readWholeNumber,
  requireObject,
  wholeBetween,
  wholeNumber,
} from '../../../base/internal.ts'
import { availableParallelism } from 'node:os'
import type { TlsOptions } from 'node:tls'

import type { Logger, StopOptions } from '../../../application/index.ts'
import { type DrainTimes, readStopOptions } from '../../../application/internal.ts'
import type { HttpListener } from './plain-requests.ts'
import { TRANSPORT_OPTION, type TransportMode } from '../transports/transport-choice.ts'

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

/** Every option: its default, and which values are valid. */
export const SERVER_OPTIONS: OptionTable<ServerSettings> = optionTable<ServerSettings>({
  port: wholeBetween(8080, 0, 65_535),
  host: checked<string | null>(null, readHost),
  socketPath: checked<string | null>(null, readSocketPath),
  tls: checked<TlsOptions | null>(null, readTls),
  http: checked<HttpListener | null>(null, readHttp),
  signals: flag(true),
  stop: checked<DrainTimes, StopOptions>(readStopOptions({}), (act, stop) =>
    readStopOptions(stop, `${act}, option "stop"`),
  ),
  transport: TRANSPORT_OPTION,
  maxHeadSize: wholeNumber(32 * 1024),
  workers: checked<number>(1, readWorkers),
  logger: checked<Logger | null, Logger | null>(null, (_act, logger) => logger),
})

/** @throws {TypeError | RangeError} for an unknown option or an invalid value. */
export function readOptions(options: EmbeddedServerOptions): ServerSettings {
  const settings = SERVER_OPTIONS.read(optionReader(ACT), options)
  const { port, host, workers = 1 } = options
  const isAlone = port === undefined && host === undefined && workers === 1
  if (settings.socketPath === null || isAlone) return settings
  throw new TypeError(
    `Cannot ${ACT}: option "socketPath" stands beside "port", "host" or "workers", expected it alone`,
  )
}

function readWorkers(act: string, workers: unknown): number {
  if (workers === 'auto') return availableParallelism()
  if (typeof workers !== 'string') return readWholeNumber(act, 'workers', workers, 1, { min: 1 })
  throw new TypeError(
    `Cannot ${act}: option "workers" is a string, expected a whole number above 0, or "auto"`,
  )
}

function readHost(act: string, host: unknown): string {
  return readText(act, 'host', host, 'an address or a host name')
}

function readSocketPath(act: string, path: unknown): string {
  return readText(act, 'socketPath', path, 'a path')
}

function readText(act: string, name: string, text: unknown, expected: string): string {
  if (typeof text === 'string' && text !== '') return text
  const what = text === '' ? 'empty' : kindOf(text)
  throw new TypeError(`Cannot ${act}: option "${name}" is ${what}, expected ${expected}`)
}

function readTls(act: string, tls: unknown): TlsOptions {
  requireObject(act, 'option "tls"', tls)
  return tls
}

function readHttp(act: string, http: unknown): HttpListener {
  if (typeof http === 'function') return http as HttpListener // its signature is the caller's word
  throw new TypeError(
    `Cannot ${act}: option "http" is ${kindOf(http)}, expected a function (request, response);` +
      ' getRequestListener(app.fetch) of @hono/node-server makes one of a fetch handler',
  )
}
