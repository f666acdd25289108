/**
 * What the plugins of this package see of an application beyond `monitor`: the time and the context
 * of upgrades, and the answers to pings. An application without hooks does nothing for them.
 */

import type { Application, ApplicationCall, WebSocketServerSession } from './application.ts'
import { callSafely, runOnce } from '../base/internal.ts'
import { logFailure } from './logger.ts'
import type { RefusalReason } from './upgrades/refusal-reason.ts'

/** How an upgrade of a route ended. */
export interface UpgradeEnd {
  /** The declared path of the route. */
  readonly route: string
  /** 101, 200 over HTTP/2, or the status of the refusal. */
  readonly status: number
  /** `null`: the upgrade was accepted. */
  readonly reason: RefusalReason | null
  /** The error behind a refusal; `null` if there is none. */
  readonly cause: unknown
  readonly durationMs: number
}

/** One upgrade, from its request to its answer. */
export interface UpgradeWatch {
  /** Calls `decide` at once. The handler later runs in the same asynchronous context. */
  run<T>(decide: () => T): T
  ended(end: UpgradeEnd): void
}

/** The hooks of one plugin. `addHooks` makes them safe to call. */
export interface ApplicationHooks {
  /** Whether upgrades are watched now. Absent: always. */
  readonly watchesUpgrades?: () => boolean
  /** An upgrade of a route begins. `null`: it is not watched. Not called beyond the rate. */
  readonly upgradeBegins?: (call: ApplicationCall, route: string) => UpgradeWatch | null
  /** An upgrade of a route has its answer. */
  readonly upgradeEnds?: (end: UpgradeEnd) => void
  /** A ping of this side was answered after `roundTripMs` milliseconds. */
  readonly pingAnswered?: (roundTripMs: number, session: WebSocketServerSession) => void
}

const HOOKS = new WeakMap<Application, ApplicationHooks[]>()

/** Returns the hooks of an application: a list that grows as plugins are installed. */
export function hooksOf(app: Application): readonly ApplicationHooks[] {
  return listOf(app)
}

/**
 * Adds the hooks of a plugin. They run code of users, such as span processors: what they throw is
 * logged, and changes nothing.
 */
export function addHooks(app: Application, hooks: ApplicationHooks): void {
  const { watchesUpgrades, upgradeBegins, upgradeEnds, pingAnswered } = hooks
  const report = (error: unknown): void =>
    logFailure(app.logger, error, 'A hook of a plugin failed')
  const safely = <T>(call: () => T, otherwise: T): T => callSafely(call, otherwise, report)
  // A plugin without a hook must not cost what a hook costs.
  const own: { -readonly [Name in keyof ApplicationHooks]: ApplicationHooks[Name] } = {}
  if (watchesUpgrades !== undefined) own.watchesUpgrades = () => safely(watchesUpgrades, false)
  if (upgradeBegins !== undefined) {
    own.upgradeBegins = (call, route) => {
      const watch = safely(() => upgradeBegins(call, route), null)
      if (watch === null) return null
      return {
        run: (decide) => runOnce((task) => watch.run(task), decide, report),
        ended: (end) => safely(() => watch.ended(end), undefined),
      }
    }
  }
  if (upgradeEnds !== undefined)
    own.upgradeEnds = (end) => safely(() => upgradeEnds(end), undefined)
  if (pingAnswered !== undefined) {
    own.pingAnswered = (ms, session) => safely(() => pingAnswered(ms, session), undefined)
  }
  listOf(app).push(own)
}

function listOf(app: Application): ApplicationHooks[] {
  let list = HOOKS.get(app)
  if (list === undefined) {
    list = []
    HOOKS.set(app, list)
  }
  return list
}
