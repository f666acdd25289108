/**
 * `towpath/fastify`: WebSockets as routes of Fastify 5.
 */

export { towpath } from './plugin.ts'
export type { TowpathFastifyOptions } from './plugin.ts'
export type {
  FastifyLike,
  FastifyRequestLike,
  FastifyWebSocketHandler,
  InjectWebSocketOptions,
  TowpathFastify,
} from './fastify-types.ts'
