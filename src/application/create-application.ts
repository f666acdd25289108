/**
 * Making an application: the kernel that holds plugins, routes and sessions together.
 */

import { Attributes, type Clock, type WaitingClock } from '../base/index.ts'
import {
  Deferred,
  type Environment,
  requireFunction,
  requireKnownNames,
  requireObject,
  requireSynchronous,
  systemClock,
  delayingClock,
  waitingClock,
} from '../base/internal.ts'
import { Admission } from './upgrades/admission.ts'
import type {
  Application,
  ApplicationEvents,
  Plugin,
  Route,
  StopCounts,
  StopOptions,
} from './application.ts'
import { rootContext } from './async-context.ts'
import { Counters } from './counters.ts'
import { drain, readStopOptions, type DrainTimes, withinMs } from './sessions/drain.ts'
import type { UpgradeOutcome, UpgradeRefused, UpgradeRequest } from './engine.ts'
import { Farewell } from './sessions/farewell.ts'
import { consoleLogger, type Logger } from './logger.ts'
import { EventMonitor } from './monitor.ts'
import { PluginRegistry } from './plugin.ts'
import { RefusedOrigins } from './upgrades/refused-origins.ts'
import { upgradeRequired } from './upgrades/refusal.ts'
import type { OriginResolver } from './calls/request.ts'
import { parseRequestTarget } from './calls/request-target.ts'
import { RouteScope, type WebSocketRoute } from './routing/route-scope.ts'
import { createRouteTree, type RouteTree } from './routing/route-tree.ts'
import { SessionRegistry } from './sessions/session-registry.ts'
import type { ApplicationStatistics } from './statistics.ts'
import { decideUpgrade, type UpgradeParts } from './upgrades/upgrade.ts'
import { WebSockets } from './sessions/websockets-plugin.ts'

/** How an application is made. */
export interface ApplicationOptions {
  /** Where failures of the application's own code are written. @defaultValue the console, from `warn` up */
  readonly logger?: Logger
}

/**
 * Makes an application, and lets `module` set it up: plugins, routes. Engines bring it to life
 * (`embeddedServer`, `attach`, the test application).
 *
 * @throws what `module` throws; {TypeError} for an async module or an invalid option.
 *
 * @example
 * const app = createApplication((app) => {
 *   app.install(WebSockets)
 *   app.routing((route) => route.webSocket('/echo', echo))
 * })
 */
export function createApplication(
  module?: (app: Application) => void,
  options: ApplicationOptions = {},
): Application {
  return createApplicationOn(systemClock, module, options)
}

/** As `createApplication`, with the application's time taken from `clock`: for tests. */
export function createApplicationOn(
  clock: Clock,
  module: ((app: Application) => void) | undefined,
  options: ApplicationOptions,
): Application {
  const act = 'create the application'
  requireObject(act, 'what was given', options)
  requireKnownNames(act, options, ['logger'])
  const app = new WebSocketApplication(options.logger ?? consoleLogger, clock)
  if (module !== undefined) {
    requireFunction(act, 'the module', module)
    requireSynchronous(act, 'the module', module(app))
  }
  return app
}

/** What listeners of `stopped` are given at least: handlers may have used up the whole timeout. */
const LAST_LISTENERS_MS = 3000

const ROUTES = new WeakMap<Application, RouteTree<WebSocketRoute>>()

/** A path that both applications have a route for by now; `null` when there is none. */
export function sharedPathOf(one: Application, other: Application): string | null {
  const theirs = ROUTES.get(other)
  for (const pattern of ROUTES.get(one)?.patterns ?? []) {
    const conflict = theirs?.conflict(pattern) ?? null
    if (conflict !== null) return conflict
  }
  return null
}

class WebSocketApplication implements Application {
  readonly logger: Logger
  readonly clock: WaitingClock
  readonly monitor: EventMonitor<ApplicationEvents>
  readonly attributes: Attributes = new Attributes()
  readonly sessions: SessionRegistry = new SessionRegistry()
  readonly #counters = new Counters(this.sessions)
  readonly #plugins = new PluginRegistry()
  readonly #routes = createRouteTree<WebSocketRoute>()
  readonly #root: RouteScope
  readonly #resolvers: OriginResolver[] = []
  readonly #upgradeParts: UpgradeParts
  #admission: Admission | null = null
  #environment: Environment | null = null
  #stopped: Deferred<StopCounts> | null = null
  /** Set as soon as the application stops. */
  #farewell: Farewell | null = null

  constructor(logger: Logger, clock: Clock) {
    this.logger = logger
    this.clock = delayingClock(clock)
    this.monitor = new EventMonitor(logger)
    ROUTES.set(this, this.#routes)
    this.#root = new RouteScope({
      routes: this.#routes,
      pluginSettings: (act) => this.#plugins.get(WebSockets, act),
    })
    this.#upgradeParts = {
      application: this,
      routes: this.#routes,
      resolvers: this.#resolvers,
      refusedOrigins: new RefusedOrigins(logger),
      monitor: this.monitor,
      sessions: this.sessions,
      counters: this.#counters,
      admission: () => this.#gate(),
      farewell: () => this.#farewell,
    }
  }

  install<Options extends object, Instance>(
    plugin: Plugin<Options, Instance>,
    ...[options]: object extends Options ? [options?: Options] : [options: Options]
  ): Instance {
    // Left out only where the signature lets it be: when no option is required.
    return this.#plugins.install(this, plugin, options ?? ({} as Options))
  }

  plugin<Options extends object, Instance>(plugin: Plugin<Options, Instance>): Instance {
    return this.#plugins.get(plugin)
  }

  statistics(): ApplicationStatistics {
    return this.#counters.snapshot()
  }

  routing(block: (route: Route<''>) => void): void {
    requireFunction('declare routes', 'the block', block)
    requireSynchronous('declare routes', 'the block', block(this.#root))
  }

  resolveOrigin(resolver: OriginResolver): void {
    requireFunction('resolve origins', 'the resolver', resolver)
    this.#resolvers.push(resolver)
  }

  upgrade(
    request: UpgradeRequest,
    environment: Environment,
    signal: AbortSignal | (() => AbortSignal),
  ): Promise<UpgradeOutcome> | UpgradeOutcome {
    this.#environment = environment
    return decideUpgrade(this.#upgradeParts, request, environment, signal)
  }

  answerPlainRequest(target: string): UpgradeRefused | null {
    const path = parseRequestTarget(target)?.path
    return path === undefined || this.#routes.find(path) === null ? null : upgradeRequired()
  }

  stop(options: StopOptions = {}): Promise<StopCounts> {
    if (this.#stopped !== null) return this.#stopped.promise
    const times = readStopOptions(options)
    const stopped = new Deferred<StopCounts>()
    // Before anything happens, so that whoever hears of it and stops too gets the same promise.
    this.#stopped = stopped
    const farewell = new Farewell(times.reconnectWithin, (target) => this.#random(target))
    this.#farewell = farewell
    void this.#drain(times, farewell).then((counts) => stopped.resolve(counts))
    return stopped.promise
  }

  /** Made at the first upgrade: only then is the plugin that sets its limits known to be there. */
  #gate(): Admission {
    if (this.#admission !== null) return this.#admission
    this.#admission = new Admission(this.plugin(WebSockets))
    this.#admission.memoryBudget?.add(this.sessions)
    return this.#admission
  }

  /** There is an environment as soon as there is anybody to say farewell to. */
  #random(target: Uint8Array): Uint8Array {
    return this.#environment?.random(target) ?? target
  }

  async #drain(times: DrainTimes, farewell: Farewell): Promise<StopCounts> {
    // A handler may wait for something that keeps no process alive: then only these timers do.
    const clock = waitingClock(this.#environment?.clock ?? systemClock)
    const startedAt = clock.now()
    rootContext.run(() => this.monitor.emit('stopping', { sessions: this.sessions.size }))
    const counts = await drain(this.sessions, clock, times, farewell)
    const leftMs = startedAt + times.timeout - clock.now()
    const listeners = rootContext.run(() => this.monitor.emitAndWait('stopped', counts))
    await withinMs(clock, Math.max(leftMs, LAST_LISTENERS_MS), listeners)
    return counts
  }
}
