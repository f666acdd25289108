/**
 * Path prefixes on which `routing` blocks declare routes, interceptors and options.
 *
 * Options are read when a route is declared, interceptors when a request arrives. An interceptor
 * therefore also guards the routes that were declared before it.
 */

import type { RouteSettings } from '../../session/index.ts'
import { applySessionOptions, DEFAULT_SETTINGS, SESSION_OPTIONS } from '../../session/internal.ts'
import {
  checked,
  flag,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  requireFunction,
  requireKnownNames,
  requireObject,
  requireSynchronous,
} from '../../base/internal.ts'
import type { Extension } from '../../extensions/index.ts'
import { readExtensions, requireNoPerMessageDeflate } from '../../extensions/internal.ts'
import type {
  Interceptor,
  OriginRule,
  WebSocketHandler,
  WebSocketRawHandler,
  WebSocketRouteOptions,
} from '../application.ts'
import { RouteConflictError } from '../errors.ts'
import { needsEngineRequest } from '../upgrades/engine-request.ts'
import { readOriginRule, type CheckedOriginRule } from '../upgrades/origin-policy.ts'
import { joinPaths } from './path-parameters.ts'
import type { RouteTree } from './route-tree.ts'
import { type OpenSettings, settingsOpener } from '../sessions/server-settings.ts'
import { readSubprotocols, type SubprotocolChoice } from '../upgrades/subprotocol.ts'
import type { WebSocketsSettings } from '../sessions/websockets-plugin.ts'

/** A declared WebSocket route with all its settings. */
export interface WebSocketRoute {
  /** The full path, as declared. */
  readonly path: string
  readonly kind: 'default' | 'raw'
  readonly handler: WebSocketHandler
  readonly settings: RouteSettings
  /** Makes the settings of one session. */
  readonly openSettings: OpenSettings
  readonly handshakeTimeout: number
  readonly origins: CheckedOriginRule
  readonly protocols: SubprotocolChoice
  readonly extensions: readonly Extension[]
  readonly requireProtocol: boolean
  /** The interceptors of the route, outermost first. */
  readonly interceptors: () => readonly Interceptor[]
  /** Whether an interceptor needs the engine's own request. */
  readonly needsEngineRequest: () => boolean
}

/** What route scopes need from their application. */
export interface RouteDependencies {
  readonly routes: RouteTree<WebSocketRoute>
  /**
   * Returns the settings of `WebSockets`. @throws {PluginMissingError} saying that `act` needs it.
   */
  readonly pluginSettings: (act: string) => WebSocketsSettings
}

/** The checked options of a route, without the options of its sessions. */
type OwnRules = Pick<WebSocketRoute, 'origins' | 'protocols' | 'extensions' | 'requireProtocol'>

/** All settings that route options may change, with the plugin's `handshakeTimeout`. */
type RouteRules = OwnRules & Pick<WebSocketRoute, 'settings' | 'handshakeTimeout'>

/** The options of a route, without the options of its sessions. */
export const ROUTE_OPTIONS: OptionTable<OwnRules> = optionTable<OwnRules>({
  origins: checked<CheckedOriginRule, OriginRule>('same-origin', readOriginRule),
  protocols: checked<SubprotocolChoice, SubprotocolChoice>([], readSubprotocols),
  extensions: checked<readonly Extension[], readonly Extension[]>([], readExtensions),
  requireProtocol: flag(false),
})

/** The names of all route options. */
export const ROUTE_OPTION_NAMES: readonly string[] = [
  ...SESSION_OPTIONS.names,
  ...ROUTE_OPTIONS.names,
]

/** Placeholder settings: options are checked against these before a route exists. */
const SAMPLE_RULES: RouteRules = {
  ...ROUTE_OPTIONS.defaults,
  settings: DEFAULT_SETTINGS,
  handshakeTimeout: 1,
}

/**
 * A path prefix. It has the members of `Route` without the types of the path. Those types hold all
 * the same: the tree passes each handler the parameters of its own path.
 */
export class RouteScope {
  readonly #dependencies: RouteDependencies
  readonly #prefix: string
  readonly #parent: RouteScope | null
  readonly #options: WebSocketRouteOptions
  readonly #interceptors: Interceptor[] = []

  constructor(
    dependencies: RouteDependencies,
    prefix: string = '',
    parent: RouteScope | null = null,
    options: WebSocketRouteOptions = {},
  ) {
    this.#dependencies = dependencies
    this.#prefix = prefix
    this.#parent = parent
    this.#options = options
  }

  get path(): string {
    return this.#prefix === '' ? '/' : this.#prefix
  }

  webSocket(path: string, ...rest: DeclarationRest<WebSocketHandler>): RouteScope {
    return this.#declare('default', path, rest)
  }

  webSocketRaw(path: string, ...rest: DeclarationRest<WebSocketRawHandler>): RouteScope {
    return this.#declare('raw', path, rest)
  }

  route(path: string, ...rest: DeclarationRest<(route: RouteScope) => void>): RouteScope {
    const [options, block] = takeOptions(rest)
    const act = `declare routes below ${shownPath(path)}`
    requireFunction(act, 'the block', block)
    const scope = this.#below(act, path, options)
    requireSynchronous(act, 'the block', block(scope))
    return scope
  }

  intercept(interceptor: Interceptor): void {
    requireFunction(`intercept at "${this.path}"`, 'the interceptor', interceptor)
    this.#interceptors.push(interceptor)
  }

  #declare(
    kind: 'default' | 'raw',
    path: string,
    rest: DeclarationRest<WebSocketHandler>,
  ): RouteScope {
    const [options, handler] = takeOptions(rest)
    const act = `declare ${kind === 'raw' ? 'webSocketRaw' : 'webSocket'} route ${shownPath(path)}`
    requireFunction(act, 'the handler', handler)
    const scope = this.#below(act, path, options)
    const rules = scope.#resolveRules(act, this.#dependencies.pluginSettings(act))

    const { routes } = this.#dependencies
    const existing = routes.conflict(scope.path)
    if (existing !== null) throw new RouteConflictError(scope.path, existing)
    const interceptors = (): readonly Interceptor[] => scope.#allInterceptors()
    const openSettings = settingsOpener(rules.settings)
    routes.add(scope.path, {
      path: scope.path,
      kind,
      handler,
      ...rules,
      openSettings,
      interceptors,
      needsEngineRequest: () => scope.#needsEngineRequest(),
    })
    return scope
  }

  /** Returns the scope of `path` below this one, after checking path and options. */
  #below(act: string, path: string, options: WebSocketRouteOptions): RouteScope {
    if (typeof path !== 'string' || !path.startsWith('/')) {
      throw new TypeError(
        `Cannot ${act}: the path is ${shownPath(path)}, expected one that begins with "/"`,
      )
    }
    const full = joinPaths(this.#prefix, path)
    this.#dependencies.routes.check(full)
    applyRouteOptions(act, SAMPLE_RULES, options)
    // A copy: the caller may change its object after this check.
    return new RouteScope(this.#dependencies, full === '/' ? '' : full, this, { ...options })
  }

  #resolveRules(act: string, plugin: WebSocketsSettings): RouteRules {
    const outer =
      this.#parent === null
        ? { ...SAMPLE_RULES, ...pluginRules(plugin) }
        : this.#parent.#resolveRules(act, plugin)
    return applyRouteOptions(act, outer, this.#options)
  }

  #needsEngineRequest(): boolean {
    if (this.#interceptors.some(needsEngineRequest)) return true
    return this.#parent !== null && this.#parent.#needsEngineRequest()
  }

  #allInterceptors(): readonly Interceptor[] {
    const outer = this.#parent === null ? NO_INTERCEPTORS : this.#parent.#allInterceptors()
    return this.#interceptors.length === 0 ? outer : [...outer, ...this.#interceptors]
  }
}

const NO_INTERCEPTORS: readonly Interceptor[] = []

type DeclarationRest<Last> = readonly [Last] | readonly [WebSocketRouteOptions, Last]

function takeOptions<Last>(rest: DeclarationRest<Last>): readonly [WebSocketRouteOptions, Last] {
  return rest.length === 1 ? [{}, rest[0]] : rest
}

function pluginRules({
  session,
  handshakeTimeout,
  origins,
  extensions,
}: WebSocketsSettings): Partial<RouteRules> {
  return { settings: session, handshakeTimeout, origins, extensions }
}

function applyRouteOptions(
  act: string,
  rules: RouteRules,
  options: WebSocketRouteOptions,
): RouteRules {
  requireObject(act, 'the options argument', options)
  requireNoPerMessageDeflate(act, options)
  requireKnownNames(act, options, ROUTE_OPTION_NAMES)
  return {
    ...ROUTE_OPTIONS.lay(optionReader(act), options, rules),
    settings: applySessionOptions(act, rules.settings, options),
    handshakeTimeout: rules.handshakeTimeout,
  }
}

function shownPath(path: unknown): string {
  return typeof path === 'string' ? `"${path}"` : kindOf(path)
}
