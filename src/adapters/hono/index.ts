/**
 * `towpath/hono`: WebSockets as handlers of Hono 4 on Node.
 */

export { attachHono } from './attach-hono.ts'
export type { AttachHonoOptions, HonoAttachment } from './attach-hono.ts'
export type { HonoContextLike, HonoLike, HonoRoute } from './hono-types.ts'
export { webSocket } from './web-socket.ts'
