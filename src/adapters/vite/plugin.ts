/**
 * The plugin of Vite: WebSockets of the program on the port of Vite's development server.
 *
 * Vite loads the module, as it loads modules for rendering on the server. When the module or one of
 * its imports changes, the plugin loads it again and replaces the application.
 */

import type { IncomingMessage, Server as HttpServer } from 'node:http'

import { type Application, createApplication } from '../../application/index.ts'
import { asError, kindOf, requireKnownNames, requireObject } from '../../base/internal.ts'
import { attach, type AttachOptions } from '../../engines/node/index.ts'
import { HostedApplication } from './hosted-application.ts'
import type { TowpathVitePlugin, ViteModuleLike, ViteServerLike } from './vite-types.ts'

/** The options of the plugin. */
export interface TowpathViteOptions {
  /**
   * The module with the routes, such as `/src/sockets.ts`: a path from Vite's root. It exports by
   * default the function that `createApplication` takes.
   */
  readonly module: string

  /**
   * The options of `attach`. Vite's own socket is ignored in any case. @defaultValue those of
   * `attach`
   */
  readonly attach?: AttachOptions
}

const ACT = 'make the plugin of Vite'

/**
 * Serves the WebSockets of a module on the port of Vite's development server, beside Vite's own
 * socket.
 *
 * - A change of the module, or of a file that it imports, closes the sessions with 1012 and loads
 *   the module again.
 * - If the module fails to load, the page shows Vite's overlay, and the application before it goes
 *   on.
 * - Vite listens when the module has been loaded. `server.close()` closes the sessions with 1001
 *   first.
 *
 * In middleware mode Vite has no server, and the plugin does nothing. It takes no part in a build:
 * in production pass the same function to `createApplication`, and attach the application to your
 * server.
 *
 * @throws {TypeError} for an unknown or invalid option.
 *
 * @example
 * <!-- prelude
 * import { towpath } from 'towpath/vite'
 * -->
 * ```ts
 * export default { plugins: [towpath({ module: '/src/sockets.ts' })] }
 * ```
 */
export function towpath(options: TowpathViteOptions): TowpathVitePlugin {
  requireObject(ACT, 'what was given', options)
  requireKnownNames(ACT, options, ['module', 'attach'])
  const { module, attach: attachOptions = {} } = options
  if (typeof module !== 'string' || module === '') {
    throw new TypeError(
      `Cannot ${ACT}: option "module" is ${kindOf(module)}, expected a path such as "/src/sockets.ts"`,
    )
  }

  let mounted: MountedModule | null = null
  return {
    name: 'towpath',
    apply: 'serve',
    configureServer(server) {
      if (server.httpServer === null) return
      mounted = new MountedModule(server, module, attachOptions)
    },
    hotUpdate({ modules, timestamp }) {
      if (this.environment.name === 'ssr') mounted?.changed(modules, timestamp)
    },
  }
}

/** The module of one development server. */
class MountedModule {
  readonly #server: ViteServerLike
  readonly #module: string
  readonly #host: HostedApplication
  /** As Vite names the module; `null` until it has been loaded once. */
  #id: string | null = null
  /** One load at a time, the newest last. */
  #loading: Promise<void> = Promise.resolve()
  #hasFailed = false

  /**
   * Attaches to `server`, which begins to listen when the module has been loaded. Upgrades never
   * meet a server without its routes.
   */
  constructor(server: ViteServerLike, module: string, options: AttachOptions) {
    this.#server = server
    this.#module = module
    // Vite's server is one of node:http, or of node:http2 with HTTP/1.1 beside it.
    const http = server.httpServer as HttpServer
    // Vite's own listener is there already. It touches the sockets of others, so that `attach`
    // would leave those to it.
    const alone = http.listenerCount('upgrade') + 1
    const isAlone = (): boolean => http.listenerCount('upgrade') <= alone
    this.#host = new HostedApplication(isAlone)
    const attachment = attach(this.#host.shell, http, {
      ...options,
      ignore: (request) => isVites(request) || (options.ignore?.(request) ?? false),
    })

    const listen = http.listen.bind(http)
    // All overloads at once: the arguments are passed on.
    http.listen = ((...args: Parameters<typeof listen>) => {
      void this.#load().then(() => listen(...args))
      return http
    }) as typeof listen

    const close = server.close.bind(server)
    server.close = async () => {
      await attachment.stop({ grace: 0 })
      await close()
    }
  }

  /** Files have changed: the module is loaded again if it imports one of them. */
  changed(modules: readonly ViteModuleLike[], timestamp: number): void {
    const id = this.#id
    const ours = modules.filter((each) => id !== null && isImportedBy(each, id))
    if (ours.length === 0) return
    const { moduleGraph } = this.#server.environments.ssr
    const seen = new Set()
    // Vite does so only after this hook.
    for (const each of ours) moduleGraph.invalidateModule(each, seen, timestamp, true)
    void this.#load()
  }

  #load(): Promise<void> {
    this.#loading = this.#loading.then(async () => {
      try {
        this.#host.replace(await this.#loadApplication())
        // Pages take the overlay away when they are told of an update.
        if (this.#hasFailed) this.#server.ws.send({ type: 'update', updates: [] })
        this.#hasFailed = false
      } catch (error) {
        this.#hasFailed = true
        const { message, stack = '' } = asError(error, 'the module')
        this.#server.config.logger.error(`[towpath] Cannot load "${this.#module}": ${message}`)
        const err = { message, stack, plugin: 'towpath', id: this.#id ?? this.#module }
        this.#server.ws.send({ type: 'error', err })
      }
    })
    return this.#loading
  }

  async #loadApplication(): Promise<Application> {
    const { pluginContainer } = this.#server.environments.ssr
    this.#id ??= (await pluginContainer.resolveId(this.#module))?.id ?? null
    const exported = await this.#server.ssrLoadModule(this.#id ?? this.#module)
    const { default: module } = exported
    if (typeof module !== 'function') {
      throw new TypeError(
        `Cannot load "${this.#module}": its default export is ${kindOf(module)}, expected the function that createApplication takes`,
      )
    }
    // `createApplication` checks what the function returns.
    return createApplication(module as (app: Application) => void)
  }
}

/** Whether Vite's own socket is asked for, or whether the server is up again. */
function isVites({ headers }: IncomingMessage): boolean {
  const protocol = headers['sec-websocket-protocol']
  return protocol === 'vite-hmr' || protocol === 'vite-ping'
}

/** Whether `id` is `module`, or imports it over any number of others. */
function isImportedBy(module: ViteModuleLike, id: string): boolean {
  const seen = new Set([module])
  for (const each of seen) {
    if (each.id === id) return true
    for (const importer of each.importers) seen.add(importer)
  }
  return false
}
