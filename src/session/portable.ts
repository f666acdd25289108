/**
 * What of sessions runs on every platform, browsers included: no file behind this door needs a module of Node.
 */

export { PingTimeoutError } from './errors.ts'
export { CHANNEL_BOUNDS } from './channel-bounds.ts'
