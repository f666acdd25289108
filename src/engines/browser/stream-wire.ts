/**
 * A connection over `WebSocketStream`, with back pressure both ways: while nobody takes what has arrived, the
 * browser stops reading, and TCP makes the server wait; and a write is done when the network has taken it.
 */

import { Deferred } from '../../base/internal.ts'
import type { PlatformConnection, PlatformStream } from './platform.ts'
import type { Message } from './message.ts'
import type { Wire, WireReceiver } from './wire.ts'

/** `WebSocketStream` as a wire. */
export class StreamWire implements Wire {
  readonly opened: Promise<string>
  readonly #stream: PlatformStream
  readonly #receiver: WireReceiver
  readonly #maxBuffered: number
  #writer: WritableStreamDefaultWriter<Message> | null = null
  #bufferedAmount = 0
  #pending = 0
  #paused: Deferred<void> | null = null
  #isEnding = false
  /** Waits until the last write is done: what the stream itself still holds would be lost. */
  #close: (() => void) | null = null

  /** @param maxBuffered bytes on their way to the network from which on `mayWrite` says no. */
  constructor(stream: PlatformStream, receiver: WireReceiver, maxBuffered: number) {
    this.#stream = stream
    this.#receiver = receiver
    this.#maxBuffered = maxBuffered
    this.opened = stream.opened.then((connection) => this.#begin(connection))
    // Both are rejected when there is no connection.
    stream.closed.catch(() => {})
  }

  get bufferedAmount(): number {
    return this.#bufferedAmount
  }

  get isEnding(): boolean {
    return this.#isEnding
  }

  mayWrite(): boolean {
    return this.#bufferedAmount < this.#maxBuffered
  }

  write(message: Message): void {
    this.#bufferedAmount += message.length
    this.#pending++
    const written = (): void => {
      this.#bufferedAmount -= message.length
      this.#pending--
      if (this.#pending === 0) this.#close?.()
      this.#receiver.drained()
    }
    // A write fails when the connection ends, which `closed` tells.
    void this.#writer?.write(message).then(written, written)
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = null
  }

  close(closeCode: number, reason: string): void {
    this.#close ??= () => this.#stream.close({ closeCode, reason })
    if (this.#pending === 0) this.#close()
  }

  #begin({ readable, writable, protocol }: PlatformConnection): string {
    this.#writer = writable.getWriter()
    const read = this.#read(readable.getReader())
    const end = async (
      clean: boolean,
      { closeCode, reason }: Partial<StreamEnd>,
    ): Promise<void> => {
      // Chromium then drops what has come from the network and was not read, without a word.
      const isCut = this.#paused !== null
      this.#isEnding = true
      this.resume()
      await read
      this.#receiver.ended({ code: closeCode ?? 1006, reason: reason ?? '', clean, isCut })
    }
    void this.#stream.closed.then(
      (info) => end(true, info),
      // A WebSocketError, which has the fields.
      (error: Partial<StreamEnd>) => end(false, error),
    )
    return protocol
  }

  /** Until the end, whichever that is: `closed` tells. */
  async #read(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        if (this.#receiver.receive(toMessage(value)) || this.#isEnding) continue
        this.#paused = new Deferred()
        await this.#paused.promise
      }
    } catch {
      // The stream has failed with its connection.
    }
  }
}

type StreamEnd = Awaited<PlatformStream['closed']>

/** Browsers differ in which of the two they give. */
function toMessage(chunk: unknown): Message {
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : (chunk as Message) // strings and bytes, by the interface
}
