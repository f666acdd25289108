/**
 * The close codes of a page. Browsers let a page send 1000 and 3000 to 4999 only.
 *
 * Where other sessions send a code of RFC 6455, a page sends that code plus 3000. It is in the
 * range for private use (§7.4.2), and easy to recognise in a server's logs.
 */

import { CloseReason } from '../../protocol/portable.ts'

/** The signal of the options aborted, or the user left the page. Elsewhere 1001. */
export const GOING_AWAY = 4001
/** A channel with the policy `close` was full. Elsewhere 1008. */
export const VIOLATED_POLICY = 4008
/** The block or a task failed. Elsewhere 1011. The error is not sent. */
export const INTERNAL_ERROR = 4011

/**
 * Checks that a page may close with `reason`.
 *
 * @throws {TypeError} for anything but a `CloseReason`, such as `close(1000, 'bye')`.
 * @throws {RangeError} for a code that browsers refuse.
 */
export function requireBrowserCode(reason: CloseReason): void {
  // The browser would refuse a long message in the middle of the closing.
  if (!(reason instanceof CloseReason)) throw new TypeError('Cannot close, expected a CloseReason')
  const { code } = reason
  if (code === 1000 || (code >= 3000 && code <= 4999)) return
  throw new RangeError(`Cannot send close code ${code} in a browser, expected 1000 or 3000–4999`)
}
