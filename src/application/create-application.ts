/**
 * Creates applications: the kernel that holds plugins, routes and sessions.
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
import type { Application, ApplicationEvents, Plugin, Route } from './application.ts'
import { rootContext } from './async-context.ts'
import { Counters, type Counts } from './counters.ts'
import { drain, readStopOptions, type DrainTimes, withinMs } from './sessions/drain.ts'
import type { UpgradeOutcome, UpgradeRefused, UpgradeRequest } from './engine.ts'
import { guestOf } from './guests.ts'
import { ReconnectHints } from './sessions/reconnect-hints.ts'
import { type ApplicationHooks, hooksOf, type UpgradeEnd } from './hooks.ts'
import { consoleLogger, type Logger, logSafely, requireLogger } from './logger.ts'
import { EventMonitor } from './monitor.ts'
import { PluginRegistry } from './plugin.ts'
import { RefusedOrigins } from './upgrades/refused-origins.ts'
import { connectRequired, upgradeRequired } from './upgrades/refusal.ts'
import type { OriginResolver } from './calls/request.ts'
import { UpgradeCall } from './calls/call.ts'
import { parseRequestTarget } from './calls/request-target.ts'
import { RouteScope, type WebSocketRoute } from './routing/route-scope.ts'
import { createRouteTree } from './routing/route-tree.ts'
import { SessionRegistry } from './sessions/session-registry.ts'
import type { ApplicationStatistics } from './statistics.ts'
import type { ApplicationState, StopCounts, StopOptions } from './stop-options.ts'
import type { UpgradeDependencies } from './upgrades/decision.ts'
import { decideUpgrade } from './upgrades/upgrade.ts'
import { WebSockets } from './sessions/websockets-plugin.ts'

/** Options of `createApplication`. */
export interface ApplicationOptions {
  /** Receives failures of the application's own code. @defaultValue the console, from `warn` up */
  readonly logger?: Logger
}

/**
 * Creates an application and calls `module` to set it up: plugins and routes. An engine then serves
 * it: `embeddedServer`, `attach` or the test application.
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

/** Like `createApplication`, with the application's time taken from `clock`: for tests. */
export function createApplicationOn(
  clock: Clock,
  module: ((app: Application) => void) | undefined,
  options: ApplicationOptions,
): Application {
  const act = 'create the application'
  requireObject(act, 'the options argument', options)
  requireKnownNames(act, options, ['logger'])
  if (options.logger !== undefined) requireLogger(act, options.logger)
  const app = new WebSocketApplication(options.logger ?? consoleLogger, clock)
  if (module !== undefined) {
    requireFunction(act, 'the module', module)
    requireSynchronous(act, 'the module', module(app))
  }
  return app
}

/** The least time that listeners of `stopped` get: handlers may have used up the whole timeout. */
const LAST_LISTENERS_MS = 3000

/** The insides of applications, for functions beside their interface. */
const INSIDES = new WeakMap<Application, UpgradeDependencies>()

/**
 * Returns the counters of `app` that can be read without a visit of every session; `null` for an
 * application of another class.
 */
export function countsOf(app: Application): Counts | null {
  return INSIDES.get(app)?.counters.counts ?? null
}

/**
 * Returns the call of a request that is not upgraded, such as one for a page at the path of a
 * guest; `null` if no route has its path.
 */
export function callOf(app: Application, request: UpgradeRequest): UpgradeCall | null {
  const insides = INSIDES.get(app)
  const target = parseRequestTarget(request.target)
  const match = target === null ? null : insides?.routes.find(target.path)
  if (insides === undefined || match === null || match === undefined) return null
  return new UpgradeCall(insides, match.value, request, {})
}

/**
 * Creates an application for `addGuest`. Its calls and sessions belong to `host`: they have its
 * clock, its logger and its view of where requests come from.
 */
export function createGuest(host: Application): Application {
  const owner = host instanceof WebSocketApplication ? host : null
  return new WebSocketApplication(host.logger, host.clock, owner)
}

/** Returns a path for which both applications have a route; `null` if there is none. */
export function sharedPathOf(one: Application, other: Application): string | null {
  const theirs = INSIDES.get(other)?.routes
  for (const pattern of INSIDES.get(one)?.routes.patterns ?? []) {
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
  readonly #upgradeDependencies: UpgradeDependencies
  readonly #clock: Clock
  readonly #hooks: readonly ApplicationHooks[] = hooksOf(this)
  #state: ApplicationState = 'running'
  #admission: Admission | null = null
  #environment: Environment | null = null
  #stopped: Deferred<StopCounts> | null = null
  /** Set when the application begins to stop. */
  #reconnectHints: ReconnectHints | null = null

  /** @param host of a guest: see `createGuest`. */
  constructor(logger: Logger, clock: Clock, host: WebSocketApplication | null = null) {
    this.logger = logger
    this.clock = delayingClock(clock)
    this.#clock = clock
    this.monitor = new EventMonitor(logger)
    this.#root = new RouteScope({
      routes: this.#routes,
      pluginSettings: (act) => this.#plugins.get(WebSockets, act),
    })
    this.#upgradeDependencies = {
      application: host ?? this,
      routes: this.#routes,
      resolvers: host === null ? this.#resolvers : host.#resolvers,
      refusedOrigins: new RefusedOrigins(logger),
      hooks: this.#hooks,
      monitor: this.monitor,
      sessions: this.sessions,
      counters: this.#counters,
      admission: () => this.#getAdmission(),
      reconnectHints: () => this.#reconnectHints,
    }
    INSIDES.set(this, this.#upgradeDependencies)
  }

  install<Options extends object, Instance>(
    plugin: Plugin<Options, Instance>,
    ...[options]: object extends Options ? [options?: Options] : [options: Options]
  ): Instance {
    // The signature allows no options only if none is required.
    return this.#plugins.install(this, plugin, options ?? ({} as Options))
  }

  plugin<Options extends object, Instance>(plugin: Plugin<Options, Instance>): Instance {
    return this.#plugins.get(plugin)
  }

  get state(): ApplicationState {
    return this.#state
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
    const beyondRate = this.#refuseBeyondRate(request.target)
    if (beyondRate !== null) return beyondRate
    return decideUpgrade(this.#upgradeDependencies, request, environment, signal)
  }

  answerPlainRequest(
    target: string,
    bootstrap: 'upgrade' | 'connect' = 'upgrade',
  ): UpgradeRefused | null {
    const path = parseRequestTarget(target)?.path
    if (path === undefined || this.#routes.find(path) === null) return null
    return bootstrap === 'upgrade' ? upgradeRequired() : connectRequired()
  }

  stop(options: StopOptions = {}): Promise<StopCounts> {
    if (this.#stopped !== null) return this.#stopped.promise
    const times = readStopOptions(options)
    const stopped = new Deferred<StopCounts>()
    // Set first: a listener that calls `stop()` again must get the same promise.
    this.#stopped = stopped
    const { lead: leadMs, grace: graceMs, timeout: timeoutMs } = times
    const facts = { sessions: this.sessions.size, leadMs, graceMs, timeoutMs }
    logSafely(() => this.logger.info(facts, 'Application stops'))
    void this.#drain(times).then((counts) => stopped.resolve(counts))
    return stopped.promise
  }

  /**
   * Refuses an upgrade beyond the rate before anything is made for it. Returns `null` where
   * something else comes first: a path without a route, listeners of refusals, a stop.
   */
  #refuseBeyondRate(target: string): UpgradeRefused | null {
    const refusal = this.#admission?.refusalBeyondRate() ?? null
    if (refusal === null || this.#reconnectHints !== null) return null
    if (this.monitor.hasListeners('upgradeRefused')) return null
    const path = parseRequestTarget(target)?.path
    const match = path === undefined ? null : this.#routes.find(path)
    if (match === null || guestOf(match.value) !== null) return null
    const { outcome, cause } = refusal
    this.#counters.upgradeRefused('rate', cause)
    if (this.#hooks.length > 0) {
      const { status } = outcome
      const end: UpgradeEnd = {
        route: match.value.path,
        status,
        reason: 'rate',
        cause,
        durationMs: 0,
      }
      for (const { upgradeEnds } of this.#hooks) upgradeEnds?.(end)
    }
    return outcome
  }

  /** Created at the first upgrade, when the plugin with the limits is certainly installed. */
  #getAdmission(): Admission {
    if (this.#admission !== null) return this.#admission
    this.#admission = new Admission(this.plugin(WebSockets))
    this.#admission.memoryBudget?.add(this.sessions)
    return this.#admission
  }

  /** Every client came with an environment, so there is one before a reconnectHints needs it. */
  #random(target: Uint8Array): Uint8Array {
    return this.#environment?.random(target) ?? target
  }

  async #drain(times: DrainTimes): Promise<StopCounts> {
    // A handler may wait for something that does not keep the process alive. These timers do.
    const clock = waitingClock(this.#environment?.clock ?? this.#clock)
    if (times.lead > 0) {
      this.#state = 'leaving'
      await withinMs(clock, times.lead, new Deferred<void>().promise)
    }
    this.#state = 'stopping'
    const reconnectHints = new ReconnectHints(times.reconnectWithin, (target) =>
      this.#random(target),
    )
    this.#reconnectHints = reconnectHints
    const startedAt = clock.now()
    rootContext.run(() => this.monitor.emit('stopping', { sessions: this.sessions.size }))
    const counts = await drain(this.sessions, clock, times, reconnectHints)
    this.#state = 'stopped'
    const leftMs = startedAt + times.timeout - clock.now()
    const listeners = rootContext.run(() => this.monitor.emitAndWait('stopped', counts))
    await withinMs(clock, Math.max(leftMs, LAST_LISTENERS_MS), listeners)
    return counts
  }
}
