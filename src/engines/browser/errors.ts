/**
 * What can go wrong in a browser alone.
 */

import { TowpathError } from '../../base/index.ts'

/**
 * The connection ended, by a Close frame or without, while the browser held the server back because the page did not
 * read: what had come and was not read may be missing. (Chromium drops it, over `WebSocketStream`.)
 */
export class MessagesLostError extends TowpathError {
  override readonly name = 'MessagesLostError'
  readonly code = 'TOWPATH_MESSAGES_LOST'

  constructor() {
    super('Cannot receive all: the connection ended while the page did not read')
  }
}
