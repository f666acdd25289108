/**
 * Guests: applications that answer a path of another one, for pages of plugins. Their sessions and
 * refusals count in no counter, event or limit of the host.
 */

import type { Application, WebSocketHandler } from './application.ts'

/** Guests by the handler that stands for them in the routes of the host. */
const GUESTS = new WeakMap<WebSocketHandler, Application>()

/**
 * Sends the upgrades for `path` to `guest`. The interceptors and limits of `host` do not apply.
 *
 * @throws what `route.webSocket` throws.
 */
export function addGuest(host: Application, path: string, guest: Application): void {
  const standIn: WebSocketHandler = () => {}
  GUESTS.set(standIn, guest)
  host.routing((route) => void route.webSocket(path, standIn))
}

/** Returns the guest that answers for a route; `null` for a route of the host itself. */
export function guestOf({ handler }: { readonly handler: WebSocketHandler }): Application | null {
  return GUESTS.get(handler) ?? null
}
