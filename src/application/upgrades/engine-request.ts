/**
 * The engine's own request of a call: `IncomingMessage` on Node. Creating one costs time, so an
 * engine may omit it unless an interceptor of the route is marked as needing it.
 */

import type { ApplicationCall, Interceptor } from '../application.ts'
import { IncomingRequest } from '../calls/request.ts'

const NEEDING = new WeakSet<Interceptor>()

/** Marks `interceptor` as one that calls `engineRequestOf`. Returns it. */
export function needingEngineRequest(interceptor: Interceptor): Interceptor {
  NEEDING.add(interceptor)
  return interceptor
}

/** Whether `interceptor` was marked. */
export function needsEngineRequest(interceptor: Interceptor): boolean {
  return NEEDING.has(interceptor)
}

/**
 * Returns the engine's own request of `call`: `null` after the upgrade has been decided, and
 * `undefined` if the engine has none.
 */
export function engineRequestOf({ request }: ApplicationCall): object | null | undefined {
  return request instanceof IncomingRequest ? request.engineRequest : undefined
}
