/**
 * A socket between its upgrade request and the answer, while interceptors run.
 *
 * Node takes its own listeners off before `upgrade`, the one for errors included, so that a reset at this
 * moment would end the process. Nobody reads: what the client sends meanwhile waits in the socket.
 */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Watches over a socket without reading from it or writing to it. */
export class WaitingSocket {
  readonly #stream: Duplex
  readonly #left = new AbortController()
  readonly #untouched: string

  /** @param stream as Node hands it over, before any other listener of `upgrade` has seen it. */
  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('error', this.#onLeft)
    stream.on('end', this.#onLeft)
    stream.on('close', this.#onLeft)
    this.#untouched = traces(stream)
    if (stream.destroyed) this.#left.abort()
  }

  /** Fires when the client has left. Its FIN counts: who cannot send a Close frame has no session. */
  get signal(): AbortSignal {
    return this.#left.signal
  }

  /**
   * Whether somebody else has taken the socket, as far as can be seen: it was written to, is being read, or
   * has got other listeners. Asked while this one still watches.
   */
  get isTaken(): boolean {
    return traces(this.#stream) !== this.#untouched
  }

  /** Takes its listeners off; whoever answers has put up their own, or does so now. Idempotent. */
  release(): void {
    this.#stream.off('error', this.#onLeft)
    this.#stream.off('end', this.#onLeft)
    this.#stream.off('close', this.#onLeft)
  }

  readonly #onLeft = (): void => {
    this.#left.abort()
  }
}

/** What changes when somebody uses `stream`. */
function traces(stream: Duplex): string {
  const written = stream instanceof Socket ? stream.bytesWritten : stream.writableLength
  const listeners = ['data', 'readable', 'error', 'close'].map((event) =>
    stream.listenerCount(event),
  )
  return [written, stream.writableEnded, ...listeners].join()
}
