/**
 * Many clients that we did not write, connected to a server in another process while it is told to
 * stop.
 */

import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startStoppableServer, type StoppableServer } from '../support/stoppable-server.ts'

const CLIENTS = 2000
/** How many connect at the same time. */
const ABREAST = 100

/** What one client has seen. */
interface Seen {
  readonly id: string
  /** Messages that came in their order: the last number, and one more. */
  received: number
  inOrder: boolean
  code: number | null
}

describe('a server that is told to stop', () => {
  let server: StoppableServer | null = null

  afterEach(() => server?.kill())

  it(`closes ${CLIENTS} sessions with 1001, and loses nothing that send had accepted`, async () => {
    server = await startStoppableServer()
    const { port } = server
    const clients: Array<{ readonly seen: Seen; readonly closed: Promise<void> }> = []
    for (let index = 0; index < CLIENTS; index += ABREAST) {
      const group = Array.from({ length: ABREAST }, (_, offset) => watch(port, `${index + offset}`))
      clients.push(...(await Promise.all(group)))
    }

    const { exitCode, stderr, counts, accepted } = await server.stop('SIGTERM')
    await Promise.all(clients.map(({ closed }) => closed))

    const seen = clients.map((client) => client.seen)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(counts).toEqual({ sessions: CLIENTS, closed: CLIENTS, aborted: 0 })
    expect(new Set(seen.map(({ code }) => code))).toEqual(new Set([1001]))
    expect(seen.filter(({ inOrder }) => !inOrder)).toEqual([])
    expect(Object.fromEntries(seen.map(({ id, received }) => [id, received]))).toEqual(accepted)
    expect(Math.min(...Object.values(accepted))).toBeGreaterThan(1)
  })
})

/** Connects, and resolves after the first message; counts what comes until the end. */
async function watch(
  port: number,
  id: string,
): Promise<{ readonly seen: Seen; readonly closed: Promise<void> }> {
  const seen: Seen = { id, received: 0, inOrder: true, code: null }
  const socket = new WebSocket(`ws://127.0.0.1:${port}/stream/${id}`)
  socket.on('message', (data) => {
    // oxlint-disable-next-line typescript/no-base-to-string -- text comes as one Buffer, by default
    if (String(data) !== String(seen.received)) seen.inOrder = false
    seen.received++
  })
  const closed = new Promise<void>((resolve) => {
    socket.on('close', (code) => {
      seen.code = code
      resolve()
    })
  })
  await once(socket, 'message')
  return { seen, closed }
}
