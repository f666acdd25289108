/**
 * A connection over `WebSocketStream`, with backpressure in both directions. While the page does
 * not read, the browser stops reading, and TCP slows the server down. A write is done when the
 * network has taken it.
 */

import { Deferred } from '../../base/internal.ts'
import type { Message } from './message.ts'
import type { PlatformConnection, PlatformStream } from './platform.ts'
import type { Wire, WireReceiver } from './wire.ts'

/** `WebSocketStream` as a wire. */
export class StreamWire implements Wire {
  readonly canSuspend = true
  bufferedAmount = 0
  isEnding = false
  readonly #stream: PlatformStream
  readonly #maxBuffered: number
  #receiver: WireReceiver | null = null
  #writer: WritableStreamDefaultWriter<Message> | null = null
  #reading: Promise<void> | null = null
  #pending = 0
  #paused: Deferred<void> | null = null
  /**
   * Called after the last write, because the stream drops what it still holds when it is closed.
   */
  #close: (() => void) | null = null

  /**
   * @param maxBuffered bytes not yet taken by the network, from which on `mayWrite` returns
   *   `false`.
   */
  constructor(stream: PlatformStream, maxBuffered: number) {
    this.#stream = stream
    this.#maxBuffered = maxBuffered
  }

  get url(): string {
    return this.#stream.url
  }

  start(receiver: WireReceiver): void {
    this.#receiver = receiver
    const { opened, closed } = this.#stream
    // Both promises reject if there is no connection.
    opened.then(
      (connection) => this.#begin(receiver, connection),
      () => {},
    )
    const ended = (clean: boolean) => (info: Partial<StreamEnd>) => this.#end(receiver, clean, info)
    // It rejects with a WebSocketError, which has the same fields.
    void closed.then(ended(true), ended(false))
  }

  mayWrite(): boolean {
    return this.bufferedAmount < this.#maxBuffered
  }

  write(message: Message): void {
    this.bufferedAmount += message.length
    this.#pending++
    const written = (): void => {
      this.bufferedAmount -= message.length
      this.#pending--
      if (this.#pending === 0) this.#close?.()
      this.#receiver?.drained()
    }
    // A write fails when the connection ends, which `closed` reports.
    void this.#writer?.write(message).then(written, written)
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = null
  }

  close(closeCode: number, reason: string, now: boolean = false): void {
    this.#close ??= () => this.#stream.close({ closeCode, reason })
    if (now || this.#pending === 0) this.#close()
  }

  #begin(receiver: WireReceiver, { readable, writable, protocol }: PlatformConnection): void {
    this.#writer = writable.getWriter()
    receiver.opened(protocol)
    this.#reading = this.#read(receiver, readable.getReader())
  }

  /** Reads until the end, which `closed` reports. */
  async #read(
    receiver: WireReceiver,
    reader: ReadableStreamDefaultReader<Message | ArrayBuffer>,
  ): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        // Chromium passes ArrayBuffers.
        const message = value instanceof ArrayBuffer ? new Uint8Array(value) : value
        if (receiver.receive(message) || this.isEnding) continue
        this.#paused = new Deferred()
        await this.#paused.promise
      }
    } catch {
      // The stream has failed with its connection.
    }
  }

  async #end(
    receiver: WireReceiver,
    clean: boolean,
    { closeCode = 1006, reason = '' }: Partial<StreamEnd>,
  ): Promise<void> {
    // Chromium silently drops unread messages when the connection ends.
    const isCut = this.#paused !== null
    this.isEnding = true
    this.resume()
    await this.#reading
    receiver.ended({ code: closeCode, reason, clean, isCut })
  }
}

type StreamEnd = Awaited<PlatformStream['closed']>
