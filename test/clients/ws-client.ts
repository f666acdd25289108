/**
 * `ws`, the client that most of Node uses.
 */

import { once } from 'node:events'
import { WebSocket } from 'ws'
import { cut, type ForeignClient } from './client.ts'

/** Drives `ws`. */
export const wsClient: ForeignClient = {
  name: 'ws',

  async echo(url, message, fragments) {
    const socket = await open(url)
    const received = firstMessage(socket)
    const binary = typeof message !== 'string'
    cut(Buffer.from(message), fragments).forEach((piece, index) => {
      socket.send(piece, { binary, fin: index === fragments - 1 })
    })
    return closing(socket, received)
  },

  receive(url) {
    const socket = new WebSocket(url)
    return closing(socket, firstMessage(socket))
  },

  async ping(url, text) {
    const socket = await open(url)
    const pong = once(socket, 'pong')
    socket.ping(text)
    // The listener of 'pong' is given the payload.
    return closing(
      socket,
      pong.then(([payload]) => String(payload as Buffer)),
    )
  },

  async close(url, code, reason) {
    const socket = await open(url)
    const ending = endingOf(socket)
    if (code === null) socket.close()
    else socket.close(code, reason)
    return ending
  },

  waitForClose(url) {
    return endingOf(new WebSocket(url))
  },

  stop() {},
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  return socket
}

async function firstMessage(socket: WebSocket): Promise<string | Buffer> {
  // The listener of 'message' is given the payload, in one Buffer by default, and whether it is
  // binary.
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean]
  return isBinary ? data : data.toString()
}

async function closing<T>(socket: WebSocket, result: Promise<T>): Promise<T> {
  const value = await result
  const closed = once(socket, 'close')
  socket.close()
  await closed
  return value
}

async function endingOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  // The listener of 'close' is given the code and the reason.
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return { code, reason: reason.toString() }
}
