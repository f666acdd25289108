/**
 * A transport whose frames can be watched, in both directions.
 */

import type {
  Transport,
  TransportAddress,
  TransportReceiver,
  WriteOutcome,
} from '../../session/index.ts'
import { FrameWatcher, type SeenFrame } from './frame-watcher.ts'

/** `sent` by this side, `received` from the peer. */
export type FrameDirection = 'sent' | 'received'

/** Is told of each frame that passes. It must not throw. */
export type FrameListener = (direction: FrameDirection, frame: SeenFrame) => void

/** Passes everything on, unchanged. */
export class TappedTransport implements Transport {
  readonly #inner: Transport
  readonly #listener: FrameListener
  readonly #sent: FrameWatcher

  constructor(inner: Transport, listener: FrameListener) {
    this.#inner = inner
    this.#listener = listener
    this.#sent = new FrameWatcher((frame) => listener('sent', frame))
  }

  get local(): TransportAddress {
    return this.#inner.local
  }

  get remote(): TransportAddress {
    return this.#inner.remote
  }

  get encrypted(): boolean {
    return this.#inner.encrypted
  }

  get queuedBytes(): number {
    return this.#inner.queuedBytes
  }

  get isShared(): boolean {
    return this.#inner.isShared
  }

  get unreadBytes(): number {
    return this.#inner.unreadBytes
  }

  get bytesWritten(): number {
    return this.#inner.bytesWritten
  }

  start(receiver: TransportReceiver): void {
    const received = new FrameWatcher((frame) => this.#listener('received', frame))
    this.#inner.start({
      receive: (bytes) => {
        received.watch(bytes)
        receiver.receive(bytes)
      },
      unread: (bytes) => receiver.unread(bytes),
      receiveEnd: () => receiver.receiveEnd(),
      drained: () => receiver.drained(),
      closed: (cause) => receiver.closed(cause),
    })
  }

  write(bytes: Uint8Array): WriteOutcome {
    this.#sent.watch(bytes)
    return this.#inner.write(bytes)
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  probe(): void {
    this.#inner.probe()
  }

  end(isFinal?: boolean): void {
    this.#inner.end(isFinal)
  }

  abort(): void {
    this.#inner.abort()
  }
}
