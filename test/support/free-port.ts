/**
 * A port for a program that cannot say which one it has, and a way to know that it listens.
 */

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

import { listen } from './loopback.ts'

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves when `port` accepts connections: a proxy does not say when it does. */
export async function untilItListens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (accepted) return
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
