/**
 * The names of sessions for every platform, browsers included: no file behind this door needs a
 * module of Node.
 */

export { PingTimeoutError } from './errors.ts'
export { CHANNEL_BOUNDS, FRAME_COST_BYTES } from './channel-bounds.ts'
export { isEndError } from './end-error.ts'
