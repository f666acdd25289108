/**
 * The engine's own request behind a call: `IncomingMessage` on Node. An engine may be able to bring a
 * request without one, which is cheaper. So interceptors that need one say so.
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
 * Returns the request that the engine made `call` from: `null` when the upgrade has been decided, and
 * `undefined` when the engine has no such object.
 */
export function engineRequestOf({ request }: ApplicationCall): object | null | undefined {
  return request instanceof IncomingRequest ? request.engineRequest : undefined
}
