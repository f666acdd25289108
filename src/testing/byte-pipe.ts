/** A client of bytes: writes bytes to a transport, and reads the bytes that come back. */

import { Deferred } from '../base/internal.ts'
import { Channel } from '../channels/index.ts'
import type { Transport } from '../session/index.ts'

/** Implements `BytePeer`. Starts the transport. */
export class BytePipe {
  readonly #transport: Transport
  readonly #pieces = new Channel<Uint8Array>({ capacity: Infinity })
  readonly #closed = new Deferred<Error | null>()
  #unread = new Uint8Array(0)

  constructor(transport: Transport) {
    this.#transport = transport
    transport.start({
      receive: (bytes) => void this.#pieces.trySend(bytes.slice()),
      unread: () => {},
      receiveEnd: () => void this.#pieces.close(),
      drained: () => {},
      closed: (cause) => {
        this.#pieces.close()
        this.#closed.resolve(cause)
      },
    })
  }

  get closed(): Promise<Error | null> {
    return this.#closed.promise
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#transport.write(bytes.slice())
  }

  end(): void {
    this.#transport.end()
  }

  async read(length: number): Promise<Uint8Array> {
    while (this.#unread.length < length) {
      const piece = await this.#pieces.receiveCatching()
      if (piece.type === 'closed') break
      this.#unread = concat(this.#unread, piece.value)
    }
    const bytes = this.#unread.slice(0, length)
    this.#unread = this.#unread.slice(length)
    return bytes
  }

  readToEnd(): Promise<Uint8Array> {
    return this.read(Infinity)
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
