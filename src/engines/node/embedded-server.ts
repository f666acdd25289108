/**
 * An embedded server: an application and its HTTP or HTTPS server, from start to stop. Ktor:
 * `embeddedServer`.
 */

import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http'
import {
  createServer as createSecureServer,
  type Server as HttpsServer,
  type ServerOptions as SecureServerOptions,
} from 'node:https'
import type { ListenOptions, Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'

import {
  type Application,
  createApplication,
  type StopCounts,
  type StopOptions,
} from '../../application/index.ts'
import { logFailure, readStopOptions, toStopOptions } from '../../application/internal.ts'
import { type Environment, waitingClock } from '../../base/internal.ts'
import {
  type EmbeddedServerOptions,
  readOptions,
  type ServerSettings,
} from './server/embedded-options.ts'
import { publishDiagnostics } from './diagnostics.ts'
import { createEnvironment } from './environment.ts'
import { ListenError } from './errors.ts'
import { FrontDoor } from './front-door/front-door.ts'
import { areForFrontDoor, handshakeLimitOf } from './front-door/tls-entrance.ts'
import { OFFERED_PROTOCOLS, splitByProtocol } from './http2/alpn.ts'
import type { Http2Settings } from './http2/http2-options.ts'
import type { Http2Server } from './http2/http2-server.ts'
import { splitByPreface } from './http2/prior-knowledge.ts'
import { OpenConnections } from './server/open-connections.ts'
import { OwedAnswers } from './upgrades/owed-answers.ts'
import { PlainRequests } from './server/plain-requests.ts'
import type { EmbeddedServer, ServerAddress } from './server/server.ts'
import { ServerLife } from './server/server-life.ts'
import { hasLeft, logListening } from './server/listening.ts'
import { stopAtSignal, watchSignals } from './server/signals.ts'
import { endsReported } from './transports/ends-per-turn.ts'
import { TransportChoice } from './transports/transport-choice.ts'
import { answerUnclaimed } from './upgrades/unclaimed-upgrade.ts'
import {
  asksForWebSocket,
  type PendingUpgrade,
  receiveUpgrade,
  type UpgradeServer,
} from './upgrades/upgrade-listener.ts'
import type { WaitingSocket } from './upgrades/waiting-socket.ts'
import { primaryDependencies, roleOf, workerDependencies } from './workers/workers.ts'
import { PrimaryServer } from './workers/primary.ts'
import { WorkerServer } from './workers/worker.ts'

/**
 * Creates a server with a new application that `module` sets up. It listens after `start()`. With
 * the option `workers`, the module runs in each worker, and this process only supervises them.
 *
 * @throws what `module` throws; {TypeError | RangeError} for an unknown or invalid option; Node's
 *   error for invalid TLS options.
 *
 * @example
 * const server = embeddedServer({ port: 8080 }, (app) => {
 *   app.install(WebSockets)
 *   app.routing((route) => route.webSocket('/echo', async ({ incoming, send }) => {
 *     for await (const frame of incoming) await send(frame)
 *   }))
 * })
 * await server.start()
 */
export function embeddedServer(
  options: EmbeddedServerOptions,
  module: (app: Application) => void,
): EmbeddedServer {
  const settings = readOptions(options)
  const { workers, signals, stop } = settings
  const loggerOption = settings.logger === null ? {} : { logger: settings.logger }
  const role = roleOf(workers)
  if (role === 'primary') {
    const { logger } = createApplication(undefined, loggerOption)
    return new PrimaryServer({ workers, signals, stop, logger }, primaryDependencies)
  }
  const application = createApplication(module, loggerOption)
  if (role === 'alone') return new NodeServer(application, settings, createEnvironment())
  const alone = { ...settings, signals: false }
  const server = new NodeServer(application, alone, createEnvironment(), false)
  return new WorkerServer(server, signals !== false, workerDependencies)
}

/** Time limit for the head of a request, measured from the connection; then the client gets 408. */
const HEAD_LIMIT_MS = 10_000

/** How often Node checks that limit. */
const LIMIT_CHECK_MS = 1000

/**
 * Connections that wait in the kernel until they are accepted. Node's default of 511 is too small
 * when all clients come back at once: the kernel drops the others, which try again after a second.
 * The kernel has a limit of its own (`net.core.somaxconn`, 4096 by default).
 */
const BACKLOG = 4096

class NodeServer implements EmbeddedServer, UpgradeServer {
  readonly application: Application
  readonly environment: Environment
  readonly transports: TransportChoice
  readonly owed: OwedAnswers
  /** No other listener can take an upgrade. */
  readonly hasRivals: boolean = false
  readonly #settings: ServerSettings
  /** Whether it writes a line when it listens; for workers, the primary process does. */
  readonly #logs: boolean
  readonly #server: HttpServer
  readonly #connections: OpenConnections
  readonly #plainRequests: PlainRequests
  /** `null` where HTTP/2 is off, and before the start. */
  #http2: Http2Server | null = null
  /** `null` if all connections go through Node's own server. */
  #frontDoor: FrontDoor | null = null
  readonly #life = new ServerLife()
  #signals: Disposable | null = null
  /** Set when the server takes no more connections. */
  #isClosing = false

  constructor(
    application: Application,
    settings: ServerSettings,
    environment: Environment,
    logs: boolean = true,
  ) {
    this.#logs = logs
    this.application = application
    publishDiagnostics(application)
    this.environment = environment
    this.transports = new TransportChoice(settings.transport)
    this.#settings = settings
    this.#server = createHttpServer(settings)
    if (settings.http2 !== null) this.#splitOffHttp2(settings.http2)
    this.owed = new OwedAnswers(this.#server)
    this.#connections = new OpenConnections(this.#server)
    this.#plainRequests = new PlainRequests(
      application,
      settings.http,
      environment.timers,
      settings.health,
    )
    this.#server.on('request', (request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request, stream, head) => this.#upgrade({ request, stream, head }))
  }

  get address(): ServerAddress {
    return this.#life.address
  }

  start(): Promise<EmbeddedServer> {
    return this.#life.start(() => this.#listen())
  }

  stop(options: StopOptions = toStopOptions(this.#settings.stop)): Promise<StopCounts> {
    return this.#life.stop(() => {
      const { timeout } = readStopOptions(options)
      return this.#close(this.application.stop(options), timeout)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  unclaimed(upgrade: PendingUpgrade, waiting: WaitingSocket): void {
    answerUnclaimed(this, this.#server, upgrade, waiting)
  }

  async #listen(): Promise<EmbeddedServer> {
    const { host, port, socketPath, fd, signals, tls } = this.#settings
    try {
      if (this.#settings.http2 !== null) this.#http2 = await this.#openHttp2(this.#settings.http2)
      this.#server.listen({ ...placeOf(this.#settings), backlog: BACKLOG })
      await once(this.#server, 'listening')
      await (tls === null ? this.transports.ready() : this.transports.readyForTls())
    } catch (error) {
      this.#life.failed()
      throw new ListenError(host, port, error, { socketPath, fd })
    }
    // For example, no file descriptor is free: that is temporary and must not end the process.
    this.#server.on('error', (error) => logFailure(this.application.logger, error, 'Server failed'))
    this.#life.listens(addressOf(this.#server))
    this.#frontDoor = await this.#openFrontDoor()
    if (this.#logs) logListening(this.application.logger, this.address, { tls: tls !== null })
    const options = stopAtSignal(signals)
    if (options !== null) {
      const { clock } = this.environment
      this.#signals = watchSignals(() => this.stop(...options), clock, process)
    }
    return this
  }

  async #close(drained: Promise<StopCounts>, timeoutMs: number): Promise<StopCounts> {
    await this.#life.settled()
    if (!this.#server.listening) return drained
    await hasLeft(this.application)

    const closed = once(this.#server, 'close')
    const deadline = waitingClock(this.environment.clock).setTimer(timeoutMs, () => {
      this.#frontDoor?.dropAll()
      this.#http2?.dropAll()
      this.#connections.dropAll()
      this.transports.dropAll()
    })
    this.#isClosing = true
    this.#plainRequests.stop()
    this.#server.close()
    this.#server.closeIdleConnections()
    this.#http2?.leaveAfterSessions()

    const counts = await drained
    this.#http2?.leave()
    // Until here these clients could ask for an upgrade and get 503 with `Retry-After`.
    this.#frontDoor?.dropSilent()
    this.#connections.dropSilent()
    await closed
    await endsReported()
    deadline[Symbol.dispose]()
    this.#signals?.[Symbol.dispose]()
    return counts
  }

  async #openFrontDoor(): Promise<FrontDoor | null> {
    const { tls, maxHeadSize } = this.#settings
    const isPipe = this.address.socketPath !== undefined
    if (isPipe || (tls !== null && !areForFrontDoor(tls))) return null
    return FrontDoor.open(this.#server, this, {
      maxHeadSize,
      headLimitMs: HEAD_LIMIT_MS,
      handshakeLimitMs: handshakeLimitOf(tls, HEAD_LIMIT_MS),
      checkMs: LIMIT_CHECK_MS,
    })
  }

  /** Takes the connections of HTTP/2 from the HTTP server, which never sees them. */
  #splitOffHttp2({ cleartext }: Http2Settings): void {
    const serve = (socket: Socket): void => this.#http2?.serve(socket)
    if (cleartext) splitByPreface(this.#server, this.environment.timers, HEAD_LIMIT_MS, serve)
    else splitByProtocol(this.#server as HttpsServer, serve) // with `tls`
  }

  async #openHttp2(settings: Http2Settings): Promise<Http2Server> {
    const { http, health, maxHeadSize } = this.#settings
    // Here and not above, so that a server without HTTP/2 does not load it.
    const { Http2Server: Opened } = await import('./http2/http2-server.ts')
    return Opened.open({
      application: this.application,
      environment: this.environment,
      http,
      health,
      maxHeadSize,
      settings,
      spoke: (socket) => this.#connections.requestArrived(socket),
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#connections.requestArrived(request.socket)
    // A connection that was answering a request when the server stopped is idle only now.
    response.once('close', () => {
      if (this.#isClosing) this.#server.closeIdleConnections()
    })
    this.#plainRequests.answer(request, response)
  }

  #upgrade(upgrade: PendingUpgrade): void {
    this.#connections.requestArrived(upgrade.request.socket)
    receiveUpgrade(this, upgrade)
  }
}

function placeOf({ host, port, socketPath, fd }: ServerSettings): ListenOptions {
  // The types of Node do not know it.
  if (fd !== null) return { fd } as ListenOptions
  if (socketPath !== null) return { path: socketPath }
  return { port, ...(host === null ? {} : { host }) }
}

function addressOf(server: HttpServer): ServerAddress {
  const bound = server.address()
  if (typeof bound === 'string') return { host: '', port: 0, socketPath: bound }
  // Node does not know the path of a Unix socket that the process has inherited.
  if (bound === null) return { host: '', port: 0, socketPath: '' }
  return { host: bound.address, port: bound.port }
}

function offer(http2: Http2Settings | null): TlsOptions {
  return http2 === null || http2.cleartext ? {} : { ALPNProtocols: [...OFFERED_PROTOCOLS] }
}

function createHttpServer({ tls, http2, maxHeadSize }: ServerSettings): HttpServer {
  const options = {
    maxHeaderSize: maxHeadSize,
    headersTimeout: HEAD_LIMIT_MS,
    connectionsCheckingInterval: LIMIT_CHECK_MS,
    // On Node 22 and newer, this keeps requests for other protocols out of `upgrade`.
    shouldUpgradeCallback: asksForWebSocket,
  }
  const server =
    tls === null
      ? createServer(options)
      : createTlsServer({
          ...tls,
          ...options,
          ...offer(http2),
          handshakeTimeout: handshakeLimitOf(tls, HEAD_LIMIT_MS),
        })
  // Above this count Node would silently drop headers, such as the handshake's. Their size is
  // limited.
  server.maxHeadersCount = 0
  return server
}

/** @throws {TypeError} for a certificate, a key or another option that `node:tls` refuses. */
function createTlsServer(options: SecureServerOptions): HttpServer {
  try {
    return createSecureServer(options)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new TypeError(
      `Cannot make the server: node:tls refuses option "tls"${code}, ` +
        'expected the content, not the paths, of a certificate and its key',
      { cause },
    )
  }
}
