/**
 * The options of `embeddedServer`, and their checks.
 */

import {
  checked,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  orNull,
  readWholeNumber,
  requireObject,
  wholeBetween,
  wholeNumber,
} from '../../../base/internal.ts'
import { availableParallelism } from 'node:os'
import type { TlsOptions } from 'node:tls'

import type { Logger, StopOptions } from '../../../application/index.ts'
import { type DrainTimes, readStopOptions, requireLogger } from '../../../application/internal.ts'
import {
  HTTP2_OPTION,
  type Http2Options,
  type Http2Settings,
  requireFitForHttp2,
} from '../http2/http2-options.ts'
import { HEALTH_OPTION, type HealthOptions, type HealthPaths } from './health.ts'
import type { HttpListener } from './pages.ts'
import { TRANSPORT_OPTION, type TransportMode } from '../transports/transport-choice.ts'

/** The options of `embeddedServer`. */
export interface EmbeddedServerOptions {
  /** 0 to 65535. 0 chooses a free port: see `EmbeddedServer.address`. @defaultValue 8080 */
  readonly port?: number

  /**
   * The address or host name to listen on. `127.0.0.1` accepts only connections of this machine.
   *
   * @defaultValue all addresses of the machine
   */
  readonly host?: string

  /**
   * The path of a Unix socket to listen on (on Windows, the name of a pipe), instead of `port` and
   * `host`. The file must not exist; stopping removes it. Only one process can listen, so it cannot
   * be combined with `workers`.
   *
   * @defaultValue none: TCP
   */
  readonly socketPath?: string

  /**
   * The number of an open file descriptor that listens already, instead of `port`, `host` and
   * `socketPath`: systemd passes the first one as 3. It cannot be combined with `workers`.
   *
   * @defaultValue none
   */
  readonly fd?: number

  /** Certificate, key and other options of `node:tls`. The server then serves HTTPS and `wss:`. */
  readonly tls?: TlsOptions

  /**
   * Handles requests that are no upgrade and are not for the path of a WebSocket route: any
   * listener of `node:http`, such as an Express application, `koa.callback()`, or a fetch handler
   * through `getRequestListener` of `@hono/node-server`. An error is logged and answered with 500.
   *
   * @defaultValue every such request gets 404
   */
  readonly http?: HttpListener

  /**
   * Whether SIGTERM and SIGINT stop the server and then end the process, with code 0 unless
   * `process.exitCode` is set. A second signal, a second or more later, ends the process at once.
   * If other code listens for the signal too, the process is not ended here. `StopOptions` are the
   * options of such a stop, in place of the option `stop`.
   *
   * @defaultValue true
   */
  readonly signals?: boolean | StopOptions

  /**
   * The options for a stop by a signal or by `stop()` without options: see `StopOptions`. Options
   * passed to `stop(options)` replace all of these.
   *
   * @defaultValue the defaults of `StopOptions`
   */
  readonly stop?: StopOptions

  /**
   * How connections are accepted and how bytes are read and written. `'auto'` uses handles of TCP
   * and TLS: upgrades are accepted on the listening handle, and sessions have no `net.Socket`.
   * Handles are tested once at the start. If the test fails, Node's HTTP server accepts
   * connections. It also does for some options of `tls`, such as `requestCert` and `SNICallback`.
   * `'stream'` always uses Node's public interfaces. Both behave alike; a handle costs less time
   * and memory, see `docs/benchmarks.md`.
   *
   * @defaultValue 'auto'
   */
  readonly transport?: TransportMode

  /**
   * Whether the server speaks HTTP/2 beside HTTP/1.1 on the same port, and takes WebSockets over it
   * (RFC 8441). It needs `tls`, whose ALPN decides: `ALPNProtocols` and `ALPNCallback` cannot stand
   * beside it. Without TLS see `cleartext` of `Http2Options`. For requests of HTTP/2, the `http`
   * listener gets the compatibility objects of `node:http2`, which Express does not support.
   *
   * @defaultValue false
   */
  readonly http2?: boolean | Http2Options

  /**
   * The limit of a request's head (request line and all headers), in bytes: a whole number above 0.
   * A larger head gets 431 before any route is looked up. `WebSocketsOptions` has lower limits for
   * upgrades, which `monitor` reports: `maxHeaderSize` and `maxHeaderCount`. RFC 6585 §5.
   *
   * @defaultValue 32 KiB (32768)
   */
  readonly maxHeadSize?: number

  /**
   * Number of processes: a whole number above 0, or `'auto'` for one on each available processor.
   * With 1, this process serves. With more, `start()` starts that many copies of the program with
   * `node:cluster`: with the same arguments, Node options and `cluster.settings`. In each copy the
   * same call of `embeddedServer` serves. This process passes connections to the workers in turn,
   * replaces workers that end, and stops them. Each worker has its own sessions, `monitor` and
   * limits.
   *
   * In a worker that another tool started, such as pm2's cluster mode, the value is treated as 1.
   *
   * @defaultValue 1
   */
  readonly workers?: number | 'auto'

  /**
   * Paths for the health checks of load balancers and of Kubernetes. GET and HEAD requests for them
   * are answered with a line of text; they never reach a route or the `http` listener.
   *
   * @defaultValue none
   */
  readonly health?: HealthOptions

  /** See `ApplicationOptions.logger`. */
  readonly logger?: Logger
}

/** The checked options. */
export interface ServerSettings {
  readonly port: number
  readonly host: string | null
  readonly socketPath: string | null
  readonly fd: number | null
  readonly tls: TlsOptions | null
  readonly http: HttpListener | null
  /** `true`: with the times of `stop`. */
  readonly signals: boolean | DrainTimes
  readonly stop: DrainTimes
  readonly transport: TransportMode
  readonly maxHeadSize: number
  readonly http2: Http2Settings | null
  readonly workers: number
  readonly health: HealthPaths | null
  readonly logger: Logger | null
}

const ACT = 'make the server'

/** All options: defaults and checks. */
export const SERVER_OPTIONS: OptionTable<ServerSettings> = optionTable<ServerSettings>({
  port: wholeBetween(8080, 0, 65_535),
  host: checked<string | null>(null, readHost),
  socketPath: checked<string | null>(null, readSocketPath),
  tls: checked<TlsOptions | null>(null, readTls),
  http: checked<HttpListener | null>(null, readHttp),
  fd: orNull(wholeNumber(0, 0), null),
  signals: checked<boolean | DrainTimes>(true, readSignals),
  stop: checked<DrainTimes, StopOptions>(readStopOptions({}), (act, stop) =>
    readStopOptions(stop, `${act}, option "stop"`),
  ),
  transport: TRANSPORT_OPTION,
  maxHeadSize: wholeNumber(32 * 1024),
  http2: HTTP2_OPTION,
  workers: checked<number>(1, readWorkers),
  health: HEALTH_OPTION,
  logger: checked<Logger | null, Logger | null>(null, (act, logger) => {
    requireLogger(act, logger)
    return logger
  }),
})

/** @throws {TypeError | RangeError} for an unknown option or an invalid value. */
export function readOptions(options: EmbeddedServerOptions): ServerSettings {
  const settings = SERVER_OPTIONS.read(optionReader(ACT), options)
  if (settings.http2 !== null) requireFitForHttp2(ACT, settings.http2, settings)
  const { port, host, workers = 1 } = options
  const isTcp = port !== undefined || host !== undefined || workers !== 1
  if (settings.socketPath !== null && (isTcp || settings.fd !== null)) refuseTogether('socketPath')
  if (settings.fd !== null && isTcp) refuseTogether('fd')
  return settings
}

function refuseTogether(name: 'socketPath' | 'fd'): never {
  const others = name === 'fd' ? '"port", "host", "socketPath"' : '"port", "host", "fd"'
  throw new TypeError(
    `Cannot ${ACT}: option "${name}" is set together with ${others} or "workers", expected it alone`,
  )
}

function readWorkers(act: string, workers: unknown): number {
  if (workers === 'auto') return availableParallelism()
  if (typeof workers !== 'string') return readWholeNumber(act, 'workers', workers, 1, { min: 1 })
  throw new TypeError(
    `Cannot ${act}: option "workers" is a string, expected a whole number above 0, or "auto"`,
  )
}

function readSignals(act: string, signals: unknown): boolean | DrainTimes {
  if (typeof signals === 'boolean') return signals
  if (typeof signals === 'object' && signals !== null) {
    return readStopOptions(signals, `${act}, option "signals"`)
  }
  throw new TypeError(
    `Cannot ${act}: option "signals" is ${kindOf(signals)}, expected true, false or stop options`,
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
  const options: TlsOptions = tls
  // Without a certificate the server would listen, and every handshake would fail.
  if (options.cert !== undefined && !KEYS.some((name) => name in options)) {
    throw new TypeError(`Cannot ${act}: option "tls" has "cert" without "key", expected both`)
  }
  if (!CERTIFICATES.some((name) => name in options)) {
    throw new TypeError(
      `Cannot ${act}: option "tls" has no certificate, expected "cert" and "key", or "pfx"`,
    )
  }
  return options
}

/** Options that stand for the key beside `cert`. */
const KEYS = ['key', 'pfx', 'privateKeyIdentifier', 'SNICallback']

/** Options of which TLS needs one: `ciphers` may name some that need no certificate. */
const CERTIFICATES = ['cert', 'pfx', 'SNICallback', 'pskCallback', 'ciphers']

function readHttp(act: string, http: unknown): HttpListener {
  if (typeof http === 'function') return http as HttpListener // its signature is the caller's word
  throw new TypeError(
    `Cannot ${act}: option "http" is ${kindOf(http)}, expected a function (request, response);` +
      ' getRequestListener(app.fetch) of @hono/node-server makes one of a fetch handler',
  )
}
