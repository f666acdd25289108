/**
 * The names of sessions for other folders of the package, in addition to `index.ts`.
 */

export { LiveSession } from './core/live-session.ts'
export type { SessionCore } from './core/session-core.ts'
export { applySessionOptions, DEFAULT_SETTINGS, SESSION_OPTIONS } from './session-options.ts'
export type { SessionHoldings } from './session-holdings.ts'
export { endTurnOf } from './core/end-turn.ts'
export { watchPongs } from './core/watch-pongs.ts'
export { createSessionId } from './core/session-id.ts'
export type { HeartbeatListener, SessionObserver, SessionSettings } from './settings.ts'
