/**
 * A socket that carries frames, and limits what waits in it.
 */

import type { Socket } from 'node:net'
import { encodeFrame, FrameReader, type LogFrame } from './log-frames.ts'

/** Frames of one connection. */
export class FrameSocket {
  readonly #socket: Socket
  readonly #maxUnsentBytes: number
  #isCorked = false

  /**
   * @param received is called for each frame. If it throws, the socket is destroyed with the error.
   * @param ended is called once, when the socket is closed.
   */
  constructor(
    socket: Socket,
    maxUnsentBytes: number,
    received: (frame: LogFrame) => void,
    ended: (cause: unknown) => void,
  ) {
    this.#socket = socket
    this.#maxUnsentBytes = maxUnsentBytes
    const reader = new FrameReader()
    let cause: unknown = null
    socket.on('error', (error) => {
      cause = error
    })
    socket.on('close', () => ended(cause))
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) received(frame)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error('Cannot read a frame'))
      }
    })
  }

  /**
   * Sends a frame. Frames of one turn of the event loop go out together. Destroys the socket if the
   * other end takes too little: it heals when it is back.
   */
  send(header: object, body?: Uint8Array): void {
    const socket = this.#socket
    if (socket.destroyed) return
    if (!this.#isCorked) {
      this.#isCorked = true
      socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        socket.uncork()
      })
    }
    socket.write(encodeFrame(header, body))
    if (socket.writableLength > this.#maxUnsentBytes) socket.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
