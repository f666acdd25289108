/**
 * Messages without history on their way to NATS: bounded by bytes, and lost beyond that.
 */

import { BrokerUnavailableError } from '../../topics/index.ts'
import type { NatsConnection } from './nats-connection.ts'

/** What one connection has not yet taken. */
export class NatsWire {
  readonly #maxUnsentBytes: number
  #connection: NatsConnection | null = null
  #unsentBytes = 0

  constructor(maxUnsentBytes: number) {
    this.#maxUnsentBytes = maxUnsentBytes
  }

  /** @throws {BrokerUnavailableError} for a message that is lost. */
  send(connection: NatsConnection, subject: string, message: Uint8Array): void {
    if (message.length > connection.maxMessageBytes) {
      throw new BrokerUnavailableError('send a message', null, {
        cause: new Error(`Cannot send ${message.length} bytes: NATS takes fewer`),
      })
    }
    if (this.#connection !== connection) {
      this.#connection = connection
      this.#unsentBytes = 0
    }
    if (this.#unsentBytes + message.length > this.#maxUnsentBytes) {
      throw new BrokerUnavailableError('send a message', null)
    }
    try {
      connection.publish(subject, message)
    } catch (cause) {
      // The package has ended the connection, and the state is not `down` yet.
      throw new BrokerUnavailableError('send a message', null, { cause })
    }
    const isFirst = this.#unsentBytes === 0
    this.#unsentBytes += message.length
    if (isFirst) void this.#flushed(connection)
  }

  /** Waits until the server has taken what was sent. Never rejects. */
  async #flushed(connection: NatsConnection): Promise<void> {
    while (this.#unsentBytes > 0 && this.#connection === connection) {
      const bytes = this.#unsentBytes
      try {
        await connection.flush()
      } catch {
        // The end of the connection is told by the state.
        break
      }
      if (this.#connection === connection) this.#unsentBytes -= bytes
    }
  }
}
