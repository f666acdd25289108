/**
 * A connection of bytes. Its reader decides what is kept.
 */

import type { Duplex } from 'node:stream'

import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'

/** How a connection ended; `open`: it has not. */
export type ConnectionEnd = 'open' | 'fin' | 'reset'

/** Takes the bytes that arrive. */
export type ByteReader = (bytes: Uint8Array) => void

/** One connection. */
export class RawConnection {
  /** What arrives goes here. */
  reader: ByteReader = () => {}
  end: ConnectionEnd = 'open'
  /** Whether nothing is awaited any more. */
  isExpired = false
  receivedBytes = 0
  readonly #socket: Duplex
  readonly #clock: Clock
  #changed = new Deferred<void>()

  constructor(socket: Duplex, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    socket.on('data', (bytes: Uint8Array) => {
      this.receivedBytes += bytes.length
      this.reader(bytes)
      this.#notify()
    })
    socket.on('end', () => this.#ended('fin'))
    socket.on('error', () => this.#ended('reset'))
    socket.on('close', () => this.#ended('reset'))
  }

  /** Writes bytes; resolves when more may be written, or when the connection has ended. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.end === 'reset' || !this.#socket.writable) return
    if (this.#socket.write(bytes)) return
    let isDrained = false
    const drained = (): void => {
      isDrained = true
      this.#notify()
    }
    this.#socket.once('drain', drained)
    await this.until(() => isDrained, Infinity)
    this.#socket.off('drain', drained)
  }

  /** Sends FIN. */
  finish(): void {
    if (this.#socket.writable) this.#socket.end()
  }

  /** Ends both directions at once. */
  destroy(): void {
    this.#socket.destroy()
    this.#ended('reset')
  }

  /**
   * Resolves when `test` holds, when the connection has ended, or after `ms`.
   *
   * @returns whether `test` holds.
   */
  async until(test: () => boolean, ms: number): Promise<boolean> {
    let isLate = false
    const stop = (): void => {
      isLate = true
      this.#notify()
    }
    using _timer = ms === Infinity ? null : this.#clock.setTimer(ms, stop)
    while (!test() && this.end === 'open' && !isLate && !this.isExpired) {
      await this.#changed.promise
    }
    return test()
  }

  /** Ends all waiting, now and later: the time of the case has passed. */
  expire(): void {
    this.isExpired = true
    this.#notify()
  }

  #ended(how: 'fin' | 'reset'): void {
    if (this.end === 'open') this.end = how
    this.#notify()
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = new Deferred()
    changed.resolve()
  }
}
