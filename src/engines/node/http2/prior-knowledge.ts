/**
 * HTTP/2 without TLS, by prior knowledge (RFC 9113 §3.3). Its connections begin with `PRI`, and no
 * request of HTTP/1.1 does. Proxies use it towards their backends.
 */

import type { Server, Socket } from 'node:net'

import type { TimerWheel } from '../../../base/internal.ts'
import { takeBuffered } from '../transports/buffered-bytes.ts'

const PREFACE = Buffer.from('PRI', 'latin1')

/**
 * Gives the connections of `server` that begin with the preface of HTTP/2 to `serve`. All others go
 * to the listeners that the server has now, with every byte that was read.
 *
 * @param limitMs how long a connection may take to send its first bytes.
 */
export function splitByPreface(
  server: Server,
  timers: TimerWheel,
  limitMs: number,
  serve: (socket: Socket) => void,
): void {
  const others = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const deadline = timers.schedule(limitMs, () => socket.destroy())
    const fail = (): void => void socket.destroy()
    let head: Buffer = Buffer.alloc(0)
    const look = (): void => {
      const read = takeBuffered(socket)
      if (read === null) {
        // Lets 'end' come, after which there is nothing to read.
        socket.read(0)
        return
      }
      head = Buffer.concat([head, read])
      const isPreface = head.length >= PREFACE.length && isPrefix(head)
      if (isPrefix(head) && !isPreface) return
      deadline.cancel()
      socket.off('readable', look).off('end', fail).off('error', fail)
      socket.unshift(head)
      if (isPreface) serve(socket)
      else for (const listener of others) Reflect.apply(listener, server, [socket])
    }
    socket.on('readable', look).on('end', fail).on('error', fail)
    socket.once('close', () => deadline.cancel())
    // Bytes that another reader has put back make no event.
    if (socket.readableLength > 0) look()
  })
}

function isPrefix(read: Buffer): boolean {
  const length = Math.min(read.length, PREFACE.length)
  return read.subarray(0, length).equals(PREFACE.subarray(0, length))
}
