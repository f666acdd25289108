/**
 * What a page may say in a Close frame: browsers let it send 1000 and 3000 to 4999, and nothing else.
 *
 * Where a session elsewhere sends a code of RFC 6455 on its own account, one in a page sends that code and 3000: in the
 * range for private use (§7.4.2), and easy to recognise in the logs of a server.
 */

import type { CloseReason } from '../../protocol/portable.ts'

/** The page gives up, by the signal of its options, or because the user has left it: elsewhere 1001. */
export const GOING_AWAY = 4001
/** A channel whose policy is `close` was full: elsewhere 1008. */
export const VIOLATED_POLICY = 4008
/** The block, or a task, has failed: elsewhere 1011. Nobody is told with what. */
export const INTERNAL_ERROR = 4011

/**
 * Makes sure that a page may close with `reason`.
 *
 * @throws {RangeError} for a code that a browser refuses.
 */
export function requireBrowserCode({ code }: CloseReason): void {
  if (code === 1000 || (code >= 3000 && code <= 4999)) return
  throw new RangeError(`Cannot send close code ${code} in a browser, expected 1000 or 3000–4999`)
}
