import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'

import {
  closeHandle,
  findInternals,
  listenTo,
  setOwner,
  takeHandle,
  type TakenHandle,
  type TcpHandle,
  type TcpInternals,
  uncount,
} from '../../../../src/engines/node/transports/tcp-handle.ts'
import { listen, socketPair } from '../../../support/loopback.ts'

function internals(): TcpInternals {
  const found = findInternals()
  if (found === null) throw new Error('Cannot test: this Node has other internals')
  return found
}

function taken(socket: Socket): TakenHandle {
  const handle = takeHandle(socket)
  if (handle === null) throw new Error('Cannot test: the handle was not given')
  return handle
}

/** Resolves with what the next read through a handle gives: text, or the number of an error. */
function readFrom({ handle }: TakenHandle): Promise<string | number> {
  const { bytesRead } = internals()
  const memory = Buffer.alloc(1024)
  handle.useUserBuffer(memory)
  return new Promise((resolve) => {
    handle.onread = () => {
      const read = bytesRead()
      handle.readStop()
      resolve(read < 0 ? read : memory.toString('latin1', 0, read))
    }
    handle.readStart()
  })
}

/** Returns a handle of no connection, which can be closed. */
function handleFor(wasClosed: () => void): TcpHandle {
  // The other members are not used to close it.
  const handle = { close() {} } as unknown as TcpHandle
  setOwner(handle, { wasRead() {}, wasClosed })
  return handle
}

function throwBug(): never {
  throw new Error('a bug')
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}

describe('findInternals()', () => {
  it('finds what a handle needs on this Node', () => {
    expect(findInternals()).not.toBe(null)
  })

  it('says whether the kernel has taken a write, and tells when the rest has gone', async () => {
    await using pair = await socketPair()
    const { createWrite, wroteAsync } = internals()
    const { handle } = taken(pair.accepted)

    expect(handle.writeBuffer(createWrite(), Buffer.from('small'))).toBe(0)
    expect(wroteAsync()).toBe(false)
    const request = createWrite()
    const status = new Promise((resolve) => {
      request.oncomplete = resolve
    })
    request.buffer = Buffer.alloc(16 * 1024 * 1024)
    expect(handle.writeBuffer(request, request.buffer)).toBe(0)
    expect(wroteAsync()).toBe(true)
    pair.connecting.resume()

    expect(await status).toBe(0)
    handle.close()
  })

  it('its half-close reaches the peer', async () => {
    await using pair = await socketPair()
    const { handle } = taken(pair.accepted)
    pair.connecting.resume()

    expect(handle.shutdown(internals().createShutdown())).toBe(0)

    await once(pair.connecting, 'end')
    handle.close()
  })
})

describe('closeHandle()', () => {
  it.each([false, true])(
    'ends the connection at once, and reports it once, after the call (with a reset: %s)',
    async (withReset) => {
      await using pair = await socketPair()
      const { handle } = taken(pair.accepted)
      const ended = once(pair.connecting, withReset ? 'error' : 'end')
      pair.connecting.resume()
      let reports = 0
      listenTo(handle, Buffer.alloc(16))
      setOwner(handle, { wasRead() {}, wasClosed: () => void reports++ })

      closeHandle(handle, withReset)
      expect(reports).toBe(0)
      await ended
      await turn()

      expect(reports).toBe(1)
    },
  )

  it('ends the connection at once while a half-close waits behind a write', async () => {
    await using pair = await socketPair()
    const { createShutdown, createWrite } = internals()
    const { handle } = taken(pair.accepted)
    const request = createWrite()
    request.buffer = Buffer.alloc(64 * 1024 * 1024)
    expect(handle.writeBuffer(request, request.buffer)).toBe(0)
    expect(handle.shutdown(createShutdown())).toBe(0)

    closeHandle(handle, false)
    let received = 0
    pair.connecting.on('data', (bytes) => (received += bytes.length))
    await once(pair.connecting, 'end')

    expect(received).toBeLessThan(request.buffer.length)
  })

  it('an owner that throws, which is a bug, leaves the other owners for the next turn', async () => {
    await turn()
    const tasks: (() => void)[] = []
    const keep = (task: () => void): number => tasks.push(task)
    // `setImmediate` returns an object that the code under test ignores.
    const spy = vi.spyOn(globalThis, 'setImmediate').mockImplementation(keep as never)
    const told: string[] = []
    try {
      closeHandle(handleFor(throwBug), false)
      closeHandle(
        handleFor(() => told.push('behind')),
        false,
      )
      expect(tasks[0]).toThrow('a bug')
      closeHandle(
        handleFor(() => told.push('later')),
        false,
      )
      expect(tasks).toHaveLength(2)
      tasks[1]?.()
    } finally {
      spy.mockRestore()
    }

    expect(told).toEqual(['behind', 'later'])
  })

  it('reports outside of the async context of the connection that is closed first', async () => {
    await using pair = await socketPair()
    const { handle } = taken(pair.accepted)
    const storage = new AsyncLocalStorage<string>()
    const reported = new Promise((resolve) => {
      setOwner(handle, { wasRead() {}, wasClosed: () => resolve(storage.getStore()) })
    })

    storage.run('its own', () => closeHandle(handle, false))

    expect(await reported).toBe(undefined)
  })
})

describe('takeHandle()', () => {
  it('gives what the peer sends, and then its end as an error number', async () => {
    await using pair = await socketPair()
    const own = taken(pair.accepted)

    pair.connecting.write('hello')
    expect(await readFrom(own)).toBe('hello')
    pair.connecting.end()
    expect(await readFrom(own)).toBeLessThan(0)

    own.handle.close()
  })

  it('gives what the socket had read already, and nothing if it had read nothing', async () => {
    await using early = await socketPair()
    await using quiet = await socketPair()
    early.connecting.write('early')
    early.accepted.read(0)
    await once(early.accepted, 'readable')

    const first = taken(early.accepted)
    const second = taken(quiet.accepted)

    expect(String(first.head)).toBe('early')
    expect(second.head).toBe(null)
    first.handle.close()
    second.handle.close()
  })

  it('the socket is gone for everybody else, while the connection lives', async () => {
    await using pair = await socketPair()
    const closed = once(pair.accepted, 'close')
    const own = taken(pair.accepted)
    await closed

    expect(pair.accepted.destroyed).toBe(true)
    expect(takeHandle(pair.accepted)).toBe(null)
    pair.connecting.write('still here')
    expect(await readFrom(own)).toBe('still here')
    own.handle.close()
  })

  it('the handle does not keep its socket in memory', async () => {
    await using pair = await socketPair()
    const { handle } = taken(pair.accepted)

    const held = Object.getOwnPropertySymbols(handle).map((symbol) => Reflect.get(handle, symbol))

    expect(held).not.toContain(pair.accepted)
    handle.close()
  })

  it('the connection stays on its server’s count until it is released', async () => {
    const server = createServer({ pauseOnConnect: true })
    const port = await listen(server)
    const accepted = once(server, 'connection')
    const client = connect(port, '127.0.0.1')
    // net.Server's 'connection' has one socket.
    const [socket] = (await accepted) as [Socket]
    const own = taken(socket)
    await once(socket, 'close')
    expect(await connectionsOf(server)).toBe(1)

    const closed = new Promise((resolve) => server.close(resolve))
    uncount(own.server)
    own.handle.close()

    await closed
    expect(await connectionsOf(server)).toBe(0)
    client.destroy()
  })

  it('leaves a socket alone that is gone, or no plain TCP socket', async () => {
    await using pair = await socketPair()
    pair.accepted.destroy()

    expect(takeHandle(pair.accepted)).toBe(null)
    expect(takeHandle({})).toBe(null)
  })

  it('leaves a socket alone whose peer has ended: the end is told only once', async () => {
    await using pair = await socketPair()
    pair.connecting.end('last')
    pair.accepted.resume()
    await once(pair.accepted, 'end')

    expect(takeHandle(pair.accepted)).toBe(null)
  })

  it('leaves a socket alone whose bytes are not all written', async () => {
    await using pair = await socketPair()
    while (pair.accepted.write(new Uint8Array(1024 * 1024)));

    expect(takeHandle(pair.accepted)).toBe(null)
    expect(pair.accepted.destroyed).toBe(false)
  })

  it('leaves a socket alone that has ended its own side', async () => {
    await using pair = await socketPair()
    pair.accepted.end()

    expect(takeHandle(pair.accepted)).toBe(null)
  })
})
