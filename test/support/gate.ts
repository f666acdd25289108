/**
 * A transport that a test holds in its hands: it opens and shuts it, and says what arrives.
 */

import type { Transport, TransportReceiver, WriteOutcome } from '../../src/session/index.ts'
import { toHex } from './bytes.ts'

/** What is written is kept, as hex, one entry a write. */
export class Gate implements Transport {
  readonly local = { host: null, port: null }
  readonly remote = { host: null, port: null }
  readonly encrypted = false
  readonly isShared: boolean
  unreadBytes = 0
  readonly writes: string[] = []
  queuedBytes = 0
  bytesWritten = 0
  /** Whether writes are queued, and not taken. */
  shut = false
  paused = false
  ended = false
  aborted = false
  probes = 0
  #receiver: TransportReceiver | null = null

  constructor(isShared = false) {
    this.isShared = isShared
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
  }

  write(bytes: Uint8Array): WriteOutcome {
    this.writes.push(toHex(bytes))
    this.bytesWritten += bytes.length
    if (!this.shut) return 'taken'
    this.queuedBytes += bytes.length
    return 'queued'
  }

  /** The peer has read: everything queued is gone. `shut` decides about the next write. */
  drain(): void {
    this.queuedBytes = 0
    this.#receiver?.drained()
  }

  receive(bytes: Uint8Array): void {
    this.#receiver?.receive(bytes)
  }

  /** Bytes have arrived while it was paused. */
  unread(bytes: number): void {
    this.#receiver?.unread(bytes)
  }

  /** The peer's FIN. */
  receiveEnd(): void {
    this.#receiver?.receiveEnd()
  }

  /** The connection is gone. */
  close(cause: Error | null = null): void {
    this.#receiver?.closed(cause)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  probe(): void {
    this.probes += 1
  }

  end(): void {
    this.ended = true
  }

  /** Goes at once, which is all that a test of one step needs. */
  abort(): void {
    this.aborted = true
    this.close()
  }
}
