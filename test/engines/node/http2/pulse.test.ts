import { once } from 'node:events'
import { createServer, type Http2Session, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../../src/base/index.ts'
import { TimerWheel } from '../../../../src/base/internal.ts'
import { Pulse } from '../../../../src/engines/node/http2/pulse.ts'
import { frame, FrameKind, RawHttp2 } from '../../../support/raw-http2.ts'

/** A session whose socket moves as a test says. */
function watched() {
  const clock = new VirtualClock()
  const socket = { bytesRead: 100, bytesWritten: 100 }
  const calls: string[] = []
  const session = {
    closed: false,
    destroyed: false,
    settings: () => calls.push('settings'),
    destroy: () => calls.push('destroy'),
    ping: () => calls.push('ping'),
  }
  // The parts that are used.
  const pulse = new Pulse(session as unknown as Http2Session, socket, new TimerWheel(clock))
  return { clock, socket, calls, session, pulse }
}

describe('Pulse', () => {
  it('asks a connection that was silent for 30 s, and ends it after 30 s without an answer', async () => {
    const { clock, calls, pulse, socket } = watched()
    pulse.start()
    await clock.advance(29_999)
    expect(calls).toEqual([])
    await clock.advance(1)
    socket.bytesWritten += 17 + 22
    await clock.advance(29_999)
    expect(calls).toEqual(['ping'])
    await clock.advance(1)

    expect(calls).toEqual(['ping', 'destroy'])
  })

  it.each([
    ['arrives', 'bytesRead', 1],
    ['goes out', 'bytesWritten', 1_000],
  ] as const)('leaves a connection alone on which something %s', async (_name, counter, bytes) => {
    const { clock, calls, pulse, socket } = watched()
    pulse.start()
    await clock.advance(30_000)
    for (let times = 0; times < 10; times++) {
      socket[counter] += bytes
      await clock.advance(30_000)
    }

    expect(calls).toEqual(['ping'])
  })

  it('asks a connection that said GOAWAY by SETTINGS, as Node then sends no PING', async () => {
    const { clock, calls, pulse, session } = watched()
    session.closed = true
    pulse.start()
    await clock.advance(30_000)
    expect(calls).toEqual(['settings'])
    await clock.advance(30_000)

    expect(calls).toEqual(['settings', 'destroy'])
  })

  it('does nothing after stop()', async () => {
    const { clock, calls, pulse } = watched()
    pulse.start()
    pulse.stop()
    await clock.advance(100_000)

    expect(calls).toEqual([])
  })

  it('ends a connection whose peer broke a rule of HTTP/2, which Node 20 leaves open', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const arrived = once(server, 'session') as Promise<[ServerHttp2Session]>
    // It listens on TCP.
    const client = await RawHttp2.connectPlainly((server.address() as AddressInfo).port)
    const [session] = await arrived
    session.on('error', () => {})
    const clock = new VirtualClock()
    const pulse = new Pulse(session, session.socket, new TimerWheel(clock))
    pulse.start()
    client.socket.write(frame(FrameKind.DATA, 0, 0, Buffer.alloc(100)))
    await client.until(() => client.frames.some(({ kind }) => kind === FrameKind.GOAWAY))
    for (let times = 0; times < 3; times++) await clock.advance(30_000)
    const isDestroyed = session.destroyed
    await client[Symbol.asyncDispose]()
    server.close()
    await once(server, 'close')
    expect(isDestroyed).toBe(true)
  })
})
