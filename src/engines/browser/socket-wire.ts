/**
 * A connection over `WebSocket`, which every browser has.
 *
 * It has no back pressure. What arrives is handed on at once, wanted or not: the session must bound what it keeps.
 * What is sent the browser keeps in a buffer that tells its size and nothing else, so that all there is to do is to
 * look again: each time something arrives, and by a timer, while somebody waits.
 */

import type { Clock } from '../../base/index.ts'
import type { Message } from './message.ts'
import type { PlatformSocket } from './platform.ts'
import type { Wire, WireReceiver } from './wire.ts'

/** How long the browser's buffer is left alone before it is looked at again. Pages that are not seen wait longer. */
const POLL_MS = 10

const OPEN = 1

/** `WebSocket` as a wire. */
export class SocketWire implements Wire {
  readonly canSuspend = false
  readonly #socket: PlatformSocket
  readonly #clock: Clock
  readonly #maxBuffered: number
  #look: () => void = () => {}
  #timer: Disposable | null = null

  /** @param maxBuffered bytes in the browser from which on `mayWrite` says no. */
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
    this.#look = () => {
      if (this.#stopWaiting()) receiver.drained()
    }
    // Else binary messages would be Blobs, whose bytes come later than the messages behind them.
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => receiver.opened(socket.protocol)
    socket.onmessage = ({ data }) => {
      receiver.receive(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)) // by binaryType
      this.#look()
    }
    socket.onclose = ({ code, reason, wasClean: clean }) => {
      this.#stopWaiting()
      receiver.ended({ code, reason, clean, isCut: false })
    }
  }

  mayWrite(): boolean {
    // What is sent while the browser closes would vanish; there will be no room again.
    if (this.isEnding) return false
    if (this.#socket.bufferedAmount < this.#maxBuffered) return true
    this.#timer ??= this.#clock.setTimer(POLL_MS, this.#look)
    return false
  }

  write(message: Message): void {
    this.#socket.send(message)
  }

  resume(): void {
    // It has never stopped.
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** @returns whether anybody was waiting for room: who has to ask again, and if need be to wait again. */
  #stopWaiting(): boolean {
    const timer = this.#timer
    this.#timer = null
    timer?.[Symbol.dispose]()
    return timer !== null
  }
}
