/**
 * undici's `WebSocket`: the one that is built into Node from 22 on, with the interface of browsers.
 */

import { once } from 'node:events'
import { type CloseEvent, type MessageEvent, WebSocket } from 'undici'
import type { ForeignClient } from './client.ts'

/** Drives undici. A browser's interface has neither fragments nor pings. */
export const undiciClient: ForeignClient = {
  name: 'undici',

  async echo(url, message) {
    const socket = await open(url)
    const received = firstMessage(socket)
    socket.send(message)
    return closing(socket, received)
  },

  receive(url) {
    const socket = connect(url)
    return closing(socket, firstMessage(socket))
  },

  ping() {
    return Promise.reject(new Error('Cannot ping: a browser has no way to'))
  },

  async close(url, code, reason) {
    const socket = await open(url)
    const ending = endingOf(socket)
    if (code === null) socket.close()
    else socket.close(code, reason)
    return ending
  },

  waitForClose(url) {
    return endingOf(connect(url))
  },

  stop() {},
}

function connect(url: string): WebSocket {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  return socket
}

async function open(url: string): Promise<WebSocket> {
  const socket = connect(url)
  await once(socket, 'open')
  return socket
}

async function firstMessage(socket: WebSocket): Promise<string | Buffer> {
  // The type of the event goes with its name, and that of the data with binaryType.
  const [event] = (await once(socket, 'message')) as [MessageEvent<string | ArrayBuffer>]
  return typeof event.data === 'string' ? event.data : Buffer.from(event.data)
}

async function closing<T>(socket: WebSocket, result: Promise<T>): Promise<T> {
  const value = await result
  const closed = once(socket, 'close')
  socket.close()
  await closed
  return value
}

async function endingOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  // The type of the event goes with its name.
  const [event] = (await once(socket, 'close')) as [CloseEvent]
  return { code: event.code, reason: event.reason }
}
