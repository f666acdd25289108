/**
 * The places of the routing tree: what `routing` blocks declare on, and the routes that come of it.
 *
 * Interceptors are looked up when a request comes and options when a route is declared, so that an
 * interceptor that is declared last still guards what was declared first.
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
import { readExtensions } from '../../extensions/internal.ts'
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

/** A declared WebSocket, complete. */
export interface WebSocketRoute {
  /** As declared, in full. */
  readonly path: string
  readonly kind: 'default' | 'raw'
  readonly handler: WebSocketHandler
  readonly settings: RouteSettings
  /** Makes the settings of its sessions. */
  readonly openSettings: OpenSettings
  readonly handshakeTimeout: number
  readonly origins: CheckedOriginRule
  readonly protocols: SubprotocolChoice
  readonly extensions: readonly Extension[]
  readonly requireProtocol: boolean
  /** Outermost first. */
  readonly interceptors: () => readonly Interceptor[]
  /** Whether one of the interceptors needs the engine's own request. */
  readonly needsEngineRequest: () => boolean
}

/** What a scope needs of its application. */
export interface RouteScopeParts {
  readonly routes: RouteTree<WebSocketRoute>
  /** What `WebSockets` was installed with. @throws {PluginMissingError} saying that `act` needs it. */
  readonly pluginSettings: (act: string) => WebSocketsSettings
}

/** The options of a route, complete, without those of its sessions. */
type OwnRules = Pick<WebSocketRoute, 'origins' | 'protocols' | 'extensions' | 'requireProtocol'>

/** The settings of a route that options may change, and the plugin's `handshakeTimeout`. */
type RouteRules = OwnRules & Pick<WebSocketRoute, 'settings' | 'handshakeTimeout'>

/** The options of a route, beside those of its sessions. */
export const ROUTE_OPTIONS: OptionTable<OwnRules> = optionTable<OwnRules>({
  origins: checked<CheckedOriginRule, OriginRule>('same-origin', readOriginRule),
  protocols: checked<SubprotocolChoice, SubprotocolChoice>([], readSubprotocols),
  extensions: checked<readonly Extension[], readonly Extension[]>([], readExtensions),
  requireProtocol: flag(false),
})

/** The names of all options of a route. */
export const ROUTE_OPTION_NAMES: readonly string[] = [
  ...SESSION_OPTIONS.names,
  ...ROUTE_OPTIONS.names,
]

/** The rules that options are laid over when only their sense is checked. */
const SAMPLE_RULES: RouteRules = {
  ...ROUTE_OPTIONS.defaults,
  settings: DEFAULT_SETTINGS,
  handshakeTimeout: 1,
}

/**
 * One place. It has the members of `Route` without the types of the path, which are true all the same: the
 * tree hands each handler the parameters of the path that it was declared with.
 */
export class RouteScope {
  readonly #parts: RouteScopeParts
  readonly #prefix: string
  readonly #parent: RouteScope | null
  readonly #options: WebSocketRouteOptions
  readonly #interceptors: Interceptor[] = []

  constructor(
    parts: RouteScopeParts,
    prefix: string = '',
    parent: RouteScope | null = null,
    options: WebSocketRouteOptions = {},
  ) {
    this.#parts = parts
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
    const rules = scope.#resolveRules(act, this.#parts.pluginSettings(act))

    const { routes } = this.#parts
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

  /** A place below this one, with a path that means something and options that make sense. */
  #below(act: string, path: string, options: WebSocketRouteOptions): RouteScope {
    if (typeof path !== 'string' || !path.startsWith('/')) {
      throw new TypeError(
        `Cannot ${act}: the path is ${shownPath(path)}, expected one that begins with "/"`,
      )
    }
    const full = joinPaths(this.#prefix, path)
    this.#parts.routes.check(full)
    applyRouteOptions(act, SAMPLE_RULES, options)
    // A copy: what is changed in the object later has not been checked.
    return new RouteScope(this.#parts, full === '/' ? '' : full, this, { ...options })
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
    const outer = this.#parent === null ? [] : this.#parent.#allInterceptors()
    return [...outer, ...this.#interceptors]
  }
}

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
  requireObject(act, 'the options', options)
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
