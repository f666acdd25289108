import { once } from 'node:events'
import { connect, createServer, type Http2Session, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../../src/base/index.ts'
import { TimerWheel } from '../../../../src/base/internal.ts'
import { SessionEnd } from '../../../../src/engines/node/http2/session-end.ts'

/** Both ends of a connection without streams. */
async function sessionPair() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const arrived = once(server, 'session') as Promise<[ServerHttp2Session]>
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  // It listens on TCP.
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.on('error', () => {})
  await once(client, 'remoteSettings')
  const [accepted] = await arrived
  return {
    client,
    accepted,
    socket: sockets[0] as Socket, // the one connection that there is
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      client.destroy()
      server.close()
      await closed
    },
  }
}

function endOf(session: Http2Session, socket: Socket) {
  const clock = new VirtualClock()
  const timers = new TimerWheel(clock)
  return { clock, end: new SessionEnd(session, { remote: '127.0.0.1', socket, timers }) }
}

describe('SessionEnd', () => {
  it('destroys a session with the end of the turn, and says so before', async () => {
    await using pair = await sessionPair()
    const { end } = endOf(pair.accepted, pair.socket)

    pair.accepted.destroy()

    expect([pair.accepted.destroyed, end.isNear, end.failure]).toEqual([false, true, null])
    await once(pair.accepted, 'close')
    expect(pair.accepted.destroyed).toBe(true)
    expect(end.failure).toMatchObject({ code: 'ECONNRESET' })
  })

  it('keeps the first error as the cause of the failure, which stays the same object', async () => {
    await using pair = await sessionPair()
    const { end } = endOf(pair.accepted, pair.socket)
    const error = new Error('on purpose')

    const closed = new Promise((resolve) => pair.accepted.once('close', resolve))
    pair.accepted.destroy(error)
    await closed

    expect(end.failure?.cause).toBe(error)
    expect(end.failure).toBe(end.failure)
  })
})
