/**
 * The errors that only browsers have.
 */

import { TowpathError } from '../../base/index.ts'

/**
 * The connection ended while the browser held the server back, because the page did not read.
 * Unread messages may be missing: Chromium drops them with `WebSocketStream`.
 */
export class MessagesLostError extends TowpathError {
  override readonly name = 'MessagesLostError'
  readonly code = 'TOWPATH_MESSAGES_LOST'

  constructor() {
    super('Cannot receive all messages: the connection ended')
  }
}
