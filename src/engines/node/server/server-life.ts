/** The life of a server: it starts once, listens at one address, and stops once. */

import type { StopCounts } from '../../../application/index.ts'
import { ServerStoppedError } from '../errors.ts'
import type { EmbeddedServer, ServerAddress } from './server.ts'

/** What a server and the primary process of a server with workers have in common. */
export class ServerLife {
  #started: Promise<EmbeddedServer> | null = null
  #stopped: Promise<StopCounts> | null = null
  #address: ServerAddress | null = null

  /** @throws {TypeError} before the server listens. */
  get address(): ServerAddress {
    if (this.#address !== null) return this.#address
    throw new TypeError(
      'Cannot read address: the server does not listen, expected start() before it',
    )
  }

  /** The server listens. */
  listens(address: ServerAddress): void {
    this.#address = address
  }

  /** The start has failed: the next call of `start` tries again. */
  failed(): void {
    this.#started = null
    this.#address = null
  }

  /** Calls `begin` at the first call; later calls return the same promise. */
  start(begin: () => Promise<EmbeddedServer>): Promise<EmbeddedServer> {
    if (this.#stopped !== null) return Promise.reject(new ServerStoppedError())
    this.#started ??= begin()
    return this.#started
  }

  /** Calls `end` at the first call; later calls return the same promise. */
  stop(end: () => Promise<StopCounts>): Promise<StopCounts> {
    this.#stopped ??= end()
    return this.#stopped
  }

  /** Resolves when a start that was begun has succeeded or failed; never rejects. */
  async settled(): Promise<void> {
    await this.#started?.catch(() => {
      // The caller of start() has the error.
    })
  }
}
