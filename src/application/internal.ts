/**
 * What the other folders of the package use of applications, beside `index.ts`.
 */

export { defaultPort, parseAuthority } from './authority.ts'
export type { Authority } from './authority.ts'
export { createApplicationOn } from './create-application.ts'
export { rootContext } from './async-context.ts'
export { readStopOptions } from './drain.ts'
export type { DrainTimes } from './drain.ts'
export { consoleLogger, logFailure } from './logger.ts'
export { EventMonitor } from './monitor.ts'
export { noSuchPath } from './refusal.ts'
export { SessionRegistry } from './session-registry.ts'
