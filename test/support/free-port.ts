/**
 * A port for a program that cannot say which one it has, and a way to know that it listens.
 */

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import process from 'node:process'

const FIRST_PORT = 12_000
/**
 * Linux gives outgoing connections ports from 32 768. Redis Cluster adds 10 000 to a port: no port
 * is as high as 22 000.
 */
const PORTS_PER_WORKER = 1000
const WORKERS = 10

/** Workers of Vitest that run at the same time have ports of their own. */
const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS
const first = FIRST_PORT + worker * PORTS_PER_WORKER
/** Other runs of the tests may go on beside this one: they begin elsewhere. */
let next = (process.pid * 37) % PORTS_PER_WORKER

/**
 * A port that is free now, and that this process has not returned for a long time: the programs
 * of one test do not take each other's. It is below the ports that the system gives to outgoing
 * connections: a program that was killed finds its port free when it starts again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + next
    next = (next + 1) % PORTS_PER_WORKER
    const server = createServer()
    const outcome = once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.listen(port, '127.0.0.1')
    if (!(await outcome)) continue
    server.close()
    await once(server, 'close')
    return port
  }
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
