/**
 * What of clients runs on every platform, browsers included: no file behind this door needs a module of Node.
 */

export type { ClientSession } from './client-session.ts'
export { ConnectError, UpgradeRefusedError } from './errors.ts'
export type { ConnectStep } from './errors.ts'
