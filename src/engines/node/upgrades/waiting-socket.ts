/**
 * A socket between its upgrade request and the answer, while interceptors run.
 *
 * Before `upgrade`, Node takes its own listeners off, including the one for errors: a reset would
 * then end the process. The socket is not read, so bytes of the client wait in it.
 */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Watches a socket without reading from it or writing to it. */
export class WaitingSocket {
  readonly #stream: Duplex
  readonly #left = new AbortController()
  readonly #untouched: string

  /** @param stream of the `upgrade` event, before any other listener has seen it. */
  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('error', this.#onLeft)
    stream.on('end', this.#onLeft)
    stream.on('close', this.#onLeft)
    this.#untouched = traces(stream)
    if (stream.destroyed) this.#left.abort()
  }

  /** Aborts when the client has left. Its FIN counts: it could not send a Close frame. */
  get signal(): AbortSignal {
    return this.#left.signal
  }

  /**
   * Whether other code seems to use the socket: it was written to, is being read, or has new
   * listeners. Asked before `release`.
   */
  get isTaken(): boolean {
    return traces(this.#stream) !== this.#untouched
  }

  /** Removes its listeners. The code that answers has its own. Idempotent. */
  release(): void {
    this.#stream.off('error', this.#onLeft)
    this.#stream.off('end', this.#onLeft)
    this.#stream.off('close', this.#onLeft)
  }

  readonly #onLeft = (): void => {
    this.#left.abort()
  }
}

/** A summary that changes when other code uses `stream`. */
function traces(stream: Duplex): string {
  const written = stream instanceof Socket ? stream.bytesWritten : stream.writableLength
  const listeners = ['data', 'readable', 'error', 'close'].map((event) =>
    stream.listenerCount(event),
  )
  return [written, stream.writableEnded, ...listeners].join()
}
