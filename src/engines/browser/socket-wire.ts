/**
 * A connection over `WebSocket`, which every browser has.
 *
 * `WebSocket` has no backpressure. Messages are delivered at once, so the session must limit what
 * it keeps. Sent messages go to the browser's buffer, which shows only its size. The wire therefore
 * polls: whenever a message arrives, and on a timer while something waits.
 */

import type { Clock } from '../../base/index.ts'
import type { Message } from './message.ts'
import type { PlatformSocket } from './platform.ts'
import type { Wire, WireReceiver } from './wire.ts'

/** The polling interval for the browser's buffer. It is longer in hidden pages. */
const POLL_MS = 10

const OPEN = 1

/** `WebSocket` as a wire. */
export class SocketWire implements Wire {
  readonly canSuspend = false
  readonly #socket: PlatformSocket
  readonly #clock: Clock
  readonly #maxBuffered: number
  #poll: () => void = () => {}
  #timer: Disposable | null = null

  /** @param maxBuffered bytes in the browser's buffer, from which on `mayWrite` returns `false`. */
  constructor(socket: PlatformSocket, clock: Clock, maxBuffered: number) {
    this.#socket = socket
    this.#clock = clock
    this.#maxBuffered = maxBuffered
  }

  get url(): string {
    return this.#socket.url
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  get isEnding(): boolean {
    return this.#socket.readyState > OPEN
  }

  start(receiver: WireReceiver): void {
    const socket = this.#socket
    this.#poll = () => {
      if (this.#stopWaiting()) receiver.drained()
    }
    // Binary messages would otherwise be Blobs, whose bytes arrive after later messages.
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => receiver.opened(socket.protocol)
    socket.onmessage = ({ data }) => {
      receiver.receive(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)) // by binaryType
      this.#poll()
    }
    socket.onclose = ({ code, reason, wasClean: clean }) => {
      this.#stopWaiting()
      receiver.ended({ code, reason, clean, isCut: false })
    }
  }

  mayWrite(): boolean {
    // A closing browser drops what is sent. There will be no room again.
    if (this.isEnding) return false
    if (this.#socket.bufferedAmount < this.#maxBuffered) return true
    this.#timer ??= this.#clock.setTimer(POLL_MS, this.#poll)
    return false
  }

  write(message: Message): void {
    this.#socket.send(message)
  }

  resume(): void {
    // Reading never stops.
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** Stops polling. @returns whether something was waiting for room; it must ask again. */
  #stopWaiting(): boolean {
    const timer = this.#timer
    this.#timer = null
    timer?.[Symbol.dispose]()
    return timer !== null
  }
}
