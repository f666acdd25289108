/**
 * The adapter of Nest: gateways (`@WebSocketGateway`) on sessions.
 */

import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http'

import {
  type Application,
  type ApplicationCall,
  createApplication,
  type Interceptor,
  type StopOptions,
  WebSockets,
  type WebSocketsOptions,
} from '../../application/index.ts'
import { logFailure, needingEngineRequest } from '../../application/internal.ts'
import {
  callback,
  optionReader,
  optionTable,
  requireObject,
  wholeOrInfinite,
} from '../../base/internal.ts'
import { attach, type Attachment, nodeRequest } from '../../engines/node/index.ts'
import { CloseReason } from '../../protocol/index.ts'
import { bindMessages } from './client-messages.ts'
import { Disconnects } from './disconnects.ts'
import { GatewayServer, type NestClient, type NestConnectCallback } from './gateway-server.ts'
import type {
  NestApplicationLike,
  NestGatewayOptions,
  NestMessageHandler,
  NestObservable,
} from './nest-types.ts'

/** The options of the adapter. */
export interface TowpathAdapterOptions {
  /** The options of `WebSockets`. @defaultValue those of `WebSockets` */
  readonly webSockets?: WebSocketsOptions

  /**
   * Decides about every upgrade before a gateway sees it, as `route.intercept` does: a `Response`
   * refuses it with that status. Nest's guards run for messages only.
   *
   * @defaultValue every upgrade is accepted
   */
  readonly authorize?: Interceptor

  /**
   * How many `@SubscribeMessage()` handlers of one client run at once. The client waits meanwhile.
   * A whole number above 0; `Infinity` is no limit.
   *
   * @defaultValue 1: in the order of the messages
   */
  readonly concurrency?: number

  /** How sessions are closed by `app.close()`. @defaultValue as `Application.stop` */
  readonly stop?: StopOptions
}

interface AdapterSettings {
  readonly authorize: Interceptor | null
  readonly concurrency: number
}

const OPTIONS = optionTable<AdapterSettings>({
  authorize: callback<Interceptor | null>(null),
  concurrency: wholeOrInfinite(1),
})

const ACT = 'make the adapter of Nest'

const STARTING = new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER, 'The server is starting')

/** The gateways of one port. */
interface Port {
  readonly application: Application
  readonly attachment: Attachment
  /** A server of the adapter's own; `null`: the server of Nest. */
  readonly own: HttpServer | null
}

/**
 * Serves the gateways of Nest 12, in place of its `WsAdapter`:
 *
 * - `client` is a socket with the methods of the package `ws`, and `client.session` is the session.
 * - `authorize` decides about the upgrade, and may refuse it with a status.
 * - Handlers of one client run in order, unless `concurrency` says more.
 * - A message that is not JSON with an `event` closes the client with 1007.
 * - `app.close()` closes clients with 1001, and waits for `handleDisconnect`.
 * - Upgrades for paths without a gateway are left to other listeners.
 *
 * @example
 * <!-- prelude
 * import { type NestApplicationLike, TowpathAdapter } from 'towpath/nest'
 * declare const app: NestApplicationLike & { useWebSocketAdapter(adapter: TowpathAdapter): void }
 * -->
 * ```ts
 * app.useWebSocketAdapter(new TowpathAdapter(app))
 * ```
 */
export class TowpathAdapter {
  /** Set by Nest. Sessions are always closed first. */
  forceCloseConnections?: boolean
  readonly #app: NestApplicationLike
  readonly #settings: AdapterSettings
  readonly #webSockets: WebSocketsOptions
  readonly #stop: StopOptions | undefined
  readonly #ports = new Map<number, Port>()
  readonly #disconnects: Disconnects

  /**
   * @param app what `NestFactory.create` returns.
   * @throws {TypeError | RangeError} for an unknown or invalid option.
   */
  constructor(app: NestApplicationLike, options: TowpathAdapterOptions = {}) {
    requireObject(ACT, 'what was given', options)
    const { webSockets = {}, stop, ...own } = options
    this.#app = app
    this.#webSockets = webSockets
    this.#stop = stop
    this.#settings = OPTIONS.read(optionReader(ACT), own)
    this.#disconnects = new Disconnects((error) => this.#report(error, 'handleDisconnect() failed'))
    // Invalid options of `WebSockets` are reported here, and not by the first gateway.
    createApplication().install(WebSockets, webSockets)
  }

  /** Called by Nest for each port and path. */
  create(port: number, { path = '/' }: NestGatewayOptions = {}): GatewayServer {
    this.#disconnects.watch(this.#app)
    const server = new GatewayServer(path.startsWith('/') ? path : `/${path}`)
    const requests = new WeakMap<ApplicationCall, IncomingMessage>()
    const { application } = this.#portOf(port)
    application.routing((route) => {
      route.route(server.path, (inside) => {
        inside.intercept(needingEngineRequest((call) => void requests.set(call, nodeRequest(call))))
        inside.webSocket('/', async (session) => {
          const request = requests.get(session.call)
          requests.delete(session.call)
          // Set by the interceptor.
          if (request !== undefined) await server.serve(session, request)
        })
      })
    })
    return server
  }

  /** Called by Nest for each gateway. */
  bindClientConnect(server: GatewayServer, connected: NestConnectCallback): void {
    server.whenConnected(connected)
  }

  /** Called by Nest for each client. */
  bindClientDisconnect(client: NestClient, disconnected: (reason?: string) => void): void {
    client.once('close', (_code: number, reason: Buffer) => disconnected(reason.toString()))
  }

  /** Called by Nest for a client that comes before the application has started. */
  closeClient(client: NestClient): void {
    void client.session.close(STARTING)
  }

  /** Called by Nest for each client of a gateway. */
  bindMessageHandlers(
    client: NestClient,
    handlers: readonly NestMessageHandler[],
    transform: (data: unknown) => NestObservable,
  ): void {
    // Such a gateway may listen to the client itself.
    if (handlers.length === 0) return
    const { concurrency } = this.#settings
    const failed = (error: Error): void => {
      this.#report(error, 'The handler of a message failed')
      void client.session.close(new CloseReason(CloseReason.Codes.INTERNAL_ERROR, ''))
    }
    bindMessages({ client, handlers, transform, concurrency, failed })
  }

  /** Called by Nest for each server, by `app.close()`. */
  async close(_server: GatewayServer): Promise<void> {
    await Promise.all(
      [...this.#ports.values()].map(async ({ attachment, own }) => {
        await attachment.stop(this.#stop)
        own?.close()
        own?.closeIdleConnections()
      }),
    )
  }

  /** Called by Nest after `close`. */
  async dispose(): Promise<void> {
    await this.#disconnects.settled()
  }

  #portOf(port: number): Port {
    const known = this.#ports.get(port)
    if (known !== undefined) return known
    const { authorize } = this.#settings
    const application = createApplication()
    application.install(WebSockets, this.#webSockets)
    if (authorize !== null) application.routing((route) => route.intercept(authorize))
    const own = port === 0 ? null : createServer(notFound)
    // Nest's own server, whatever its platform is.
    const server = own ?? (this.#app.getHttpServer() as HttpServer)
    const made: Port = { application, own, attachment: attach(application, server) }
    this.#ports.set(port, made)
    own?.on('error', (error) => this.#report(error, `Gateways cannot listen on port ${port}`))
    own?.listen(port)
    return made
  }

  #report(error: Error, what: string): void {
    const [port] = this.#ports.values()
    if (port !== undefined) logFailure(port.application.logger, error, what)
  }
}

function notFound(
  _request: IncomingMessage,
  response: { writeHead(status: number): { end(): void } },
): void {
  response.writeHead(404).end()
}
