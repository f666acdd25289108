/**
 * The answers that an HTTP server still owes on its connections.
 *
 * A client may send an upgrade behind other requests. Answers leave in the order of the requests
 * (RFC 9112 §9.3.2), so the upgrade waits.
 *
 * At an upgrade, Node takes its own listeners off the socket, even while a response is being
 * written. A response that waits for `drain` would then wait for ever: this file passes the event
 * on.
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** The unfinished responses of one server. */
export class OwedAnswers implements Disposable {
  readonly #server: HttpServer | HttpsServer | null
  /** In the order of the requests. */
  readonly #owed = new WeakMap<Duplex, Set<ServerResponse>>()

  /** @param server `null` if the caller has already waited for earlier answers. */
  constructor(server: HttpServer | HttpsServer | null) {
    this.#server = server
    // Before the listener that answers, which may have answered when it returns.
    server?.prependListener('request', this.#onRequest)
  }

  /** Whether the answer to an earlier request on `stream` is not complete. */
  isOwed(stream: Duplex): boolean {
    return (this.#owed.get(stream)?.size ?? 0) > 0
  }

  /**
   * Calls `then` once, when all earlier answers on `stream` have been written or have failed; at
   * once if none is owed.
   */
  whenAnswered(stream: Duplex, then: () => void): void {
    const owed = this.#owed.get(stream)
    if (owed === undefined || owed.size === 0) {
      then()
      return
    }

    const passDrainOn = (): void => {
      for (const response of owed) {
        response.emit('drain')
        return
      }
    }
    const onClose = (): void => {
      if (owed.size > 0) return
      stream.off('drain', passDrainOn)
      // Node set its timeout for idle connections when the last response was finished.
      if (stream instanceof Socket) stream.setTimeout(0)
      then()
    }
    stream.on('drain', passDrainOn)
    // Registered behind the listener that takes the response out of the set.
    for (const response of owed) response.once('close', onClose)
  }

  [Symbol.dispose](): void {
    this.#server?.off('request', this.#onRequest)
  }

  readonly #onRequest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    const owed = this.#owed.get(socket) ?? new Set()
    this.#owed.set(socket, owed.add(response))
    response.once('close', () => owed.delete(response))
  }
}
