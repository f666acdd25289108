/**
 * The public door of applications: creating them, plugins, routes, calls, sessions, events.
 */

export type { AdmissionSettings } from './upgrades/admission.ts'
export type {
  Application,
  ApplicationCall,
  ApplicationEvents,
  ApplicationResponse,
  DefaultWebSocketServerSession,
  Interceptor,
  OriginRule,
  Plugin,
  Route,
  Sessions,
  SubprotocolChooser,
  WebSocketHandler,
  WebSocketRawHandler,
  WebSocketRouteOptions,
  WebSocketServerSession,
} from './application.ts'
export { createApplication } from './create-application.ts'
export type { ApplicationOptions } from './create-application.ts'
export type {
  UpgradeAccepted,
  UpgradeOutcome,
  UpgradeRefused,
  UpgradeRequest,
  UpgradeUnclaimed,
} from './engine.ts'
export {
  DuplicatePluginError,
  HandshakeTimeoutError,
  PluginMissingError,
  RouteConflictError,
  UpgradeLimitError,
} from './errors.ts'
export type { Logger } from './logger.ts'
export { createMemoryBudget } from './sessions/memory-budget.ts'
export type { MemoryBudget } from './sessions/memory-budget.ts'
export type { Monitor } from './monitor.ts'
export type { AnyParameters, JoinPaths, PathParameters } from './routing/path-parameters.ts'
export { definePlugin } from './plugin.ts'
export type { PluginDefinition } from './plugin.ts'
export type { RefusalReason } from './upgrades/refusal-reason.ts'
export type { ApplicationRequest, OriginResolver, RequestOrigin } from './calls/request.ts'
export { readiness } from './readiness.ts'
export { SessionLog } from './session-log.ts'
export type { SessionLogOptions } from './session-log.ts'
export type { Readiness } from './readiness.ts'
export type { ApplicationStatistics, LimitName } from './statistics.ts'
export type { ApplicationState, StopCounts, StopOptions } from './stop-options.ts'
export { WebSockets } from './sessions/websockets-plugin.ts'
export type { WebSocketsOptions, WebSocketsSettings } from './sessions/websockets-plugin.ts'
