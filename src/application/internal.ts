/**
 * The door of applications for other folders of the package.
 */

export { defaultPort, parseAuthority } from './calls/authority.ts'
export type { Authority } from './calls/authority.ts'
export {
  callOf,
  countsOf,
  createApplicationOn,
  createGuest,
  sharedPathOf,
} from './create-application.ts'
export { addGuest } from './guests.ts'
export { rootContext } from './async-context.ts'
export { readStopOptions, toStopOptions } from './sessions/drain.ts'
export type { DrainTimes } from './sessions/drain.ts'
export { consoleLogger, logFailure, logSafely, requireLogger } from './logger.ts'
export { EventMonitor } from './monitor.ts'
export type { EventPublisher } from './monitor.ts'
export { addHooks, hooksOf } from './hooks.ts'
export type { ApplicationHooks, UpgradeEnd, UpgradeWatch } from './hooks.ts'
export { engineRequestOf, needingEngineRequest } from './upgrades/engine-request.ts'
export { isHandshakeHeader, noSuchPath } from './upgrades/refusal.ts'
export { listsProtocols } from './sessions/server-session.ts'
export { SessionRegistry } from './sessions/session-registry.ts'
export type { SessionControl } from './sessions/session-registry.ts'
export { SharedBudget } from './sessions/memory-budget.ts'
export { remoteHostOf } from './sessions/server-session.ts'
export { ROUTE_OPTION_NAMES } from './routing/route-scope.ts'
