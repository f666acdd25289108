/**
 * The module of Nest: routes of Towpath in an application of Nest.
 */

import type { Server as HttpServer } from 'node:http'

import {
  createApplication,
  type Route,
  type StopOptions,
  WebSockets,
  type WebSocketsOptions,
} from '../../application/index.ts'
import { requireFunction, requireKnownNames, requireObject } from '../../base/internal.ts'
import { attach, type Attachment } from '../../engines/node/index.ts'
import { loadPackage } from '../../packages/index.ts'
import type { NestDynamicModule, NestModuleRef } from './nest-types.ts'

/** The options of `TowpathModule.forRoot`. */
export interface TowpathModuleOptions {
  /** Declares the routes. `modules.get(Token)` returns a provider of Nest. */
  readonly routes: (route: Route<''>, modules: NestModuleRef) => void
  /** The options of `WebSockets`. @defaultValue those of `WebSockets` */
  readonly webSockets?: WebSocketsOptions
  /** How sessions are closed by `app.close()`. @defaultValue as `Application.stop` */
  readonly stop?: StopOptions
}

/** What is used of `@nestjs/core`: two tokens. */
interface NestCore {
  readonly ModuleRef: unknown
  readonly HttpAdapterHost: unknown
}

const ACT = 'make the module of Nest'

/**
 * Routes with sessions in an application of Nest, on the port of its HTTP server. Gateways need
 * `TowpathAdapter` instead.
 */
export class TowpathModule {
  /**
   * Returns a module for `imports`. It attaches when the application has started, and stops in
   * `beforeApplicationShutdown`: sessions are closed with 1001 before the server.
   *
   * @throws {PackageMissingError} without `@nestjs/core`; {TypeError} for an unknown or invalid
   *   option.
   *
   * @example
   * <!-- prelude
   * import { type NestModuleRef, TowpathModule } from 'towpath/nest'
   * declare class Prices {
   *   next(): Promise<string>
   * }
   * -->
   * ```ts
   * TowpathModule.forRoot({
   *   routes: (route, modules) => {
   *     const prices: Prices = modules.get(Prices, { strict: false })
   *     route.webSocket('/prices', async ({ send }) => {
   *       for (;;) await send(await prices.next())
   *     })
   *   },
   * })
   * ```
   */
  static forRoot(options: TowpathModuleOptions): NestDynamicModule {
    requireObject(ACT, 'what was given', options)
    requireKnownNames(ACT, options, ['routes', 'webSockets', 'stop'])
    requireFunction(ACT, 'option "routes"', options.routes)
    // Its exports, which are tokens alone here.
    const { ModuleRef, HttpAdapterHost } = loadPackage(ACT, '@nestjs/core', '^12.5.1') as NestCore
    const provider = {
      provide: MountedRoutes,
      inject: [ModuleRef, HttpAdapterHost],
      useFactory: (modules: NestModuleRef, host: NestHost) =>
        new MountedRoutes(options, modules, host),
    }
    return { module: TowpathModule, providers: [provider] }
  }
}

/** What is used of `HttpAdapterHost`. */
interface NestHost {
  readonly httpAdapter: { getHttpServer(): object }
}

/** A provider, for its place in the life of the application. */
class MountedRoutes {
  readonly #options: TowpathModuleOptions
  readonly #modules: NestModuleRef
  readonly #host: NestHost
  #attachment: Attachment | null = null

  constructor(options: TowpathModuleOptions, modules: NestModuleRef, host: NestHost) {
    this.#options = options
    this.#modules = modules
    this.#host = host
  }

  /** Called by Nest when all providers are there. */
  onApplicationBootstrap(): void {
    const { routes, webSockets = {} } = this.#options
    const application = createApplication()
    application.install(WebSockets, webSockets)
    application.routing((route) => routes(route, this.#modules))
    // Nest's own server, whatever its platform is.
    this.#attachment = attach(application, this.#host.httpAdapter.getHttpServer() as HttpServer)
  }

  /** Called by Nest before it closes its server. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#attachment?.stop(this.#options.stop)
  }
}
