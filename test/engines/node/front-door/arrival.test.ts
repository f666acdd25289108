import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Arrival, type ArrivalOwner } from '../../../../src/engines/node/front-door/arrival.ts'
import { TcpReactor } from '../../../../src/engines/node/transports/tcp-transport.ts'
import type { AcceptedHandle } from '../../../../src/engines/node/front-door/tcp-listener.ts'

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** A handle whose reads a test makes, and what its arrival told. */
function scripted(): {
  arrival: Arrival
  told: string[]
  calls: string[]
  read: (data: string | number) => void
} {
  const told: string[] = []
  const calls: string[] = []
  let count = 0
  const reactor = new TcpReactor({
    createWrite: () => ({}),
    createShutdown: () => ({}),
    bytesRead: () => count,
    wroteAsync: () => false,
  })
  const handle = {
    onread() {},
    useUserBuffer() {},
    readStart: () => (calls.push('readStart'), 0),
    readStop: () => (calls.push('readStop'), 0),
    close: () => void calls.push('close'),
  } as unknown as AcceptedHandle // the rest of a handle is for transports
  const owner: ArrivalOwner = {
    reactor,
    maxHeadSize: 256,
    secured: () => void told.push('secured'),
    headArrived: (_, head) => void told.push(`head ${head.target}`),
    headIsOther: () => void told.push('other'),
    headCutOff: () => void told.push('cut off'),
    closed: () => void told.push('closed'),
  }
  const arrival = new Arrival(handle, owner)
  arrival.start()
  const read = (data: string | number): void => {
    if (typeof data === 'string') reactor.buffer.set(Buffer.from(data, 'latin1'))
    count = typeof data === 'string' ? data.length : data
    handle.onread()
    // The next connection's bytes.
    reactor.buffer.fill(0xff, 0, 512)
  }
  return { arrival, told, calls, read }
}

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('latin1')

const SERVER = { _connections: 0, _emitCloseIfDrained() {} }

describe('Arrival', () => {
  it('tells its owner of a head, and keeps what comes behind it for the session', () => {
    const { arrival, told, read } = scripted()

    read(HEAD.slice(0, 5))
    read(`${HEAD.slice(5)}ab`)
    arrival.decide(HEAD.length)
    read('cd')

    expect(told).toEqual(['head /'])
    expect(text(arrival.releaseToSession(SERVER).head)).toBe('abcd')
  })

  it('keeps everything for the HTTP server, and stops reading', () => {
    const { arrival, told, calls, read } = scripted()

    read('POST /')
    read(' HTTP')

    expect(told).toEqual(['other', 'other'])
    expect(text(arrival.releaseToHttp())).toBe('POST / HTTP')
    expect(calls).toEqual(['readStart', 'readStop'])
  })

  it('tells of nothing after it has let its handle go', () => {
    const { arrival, told, read } = scripted()
    arrival.releaseToHttp()

    read(HEAD)
    read(-4095)

    expect(told).toEqual([])
  })

  it('stops reading when 16 KiB have come while the application decides', () => {
    const { arrival, calls, read } = scripted()
    read(HEAD)
    arrival.decide(HEAD.length)

    for (let kib = 0; kib < 16; kib++) read('x'.repeat(1024))

    expect(calls).toEqual(['readStart', 'readStop'])
    expect(arrival.releaseToSession(SERVER).head?.length).toBe(16 * 1024)
  })

  it('says how much it keeps, and how much more comes while the application decides', () => {
    const { arrival, read } = scripted()
    const grown: number[] = []
    read(HEAD)
    arrival.decide(HEAD.length)
    arrival.watchEarlyBytes((bytes) => grown.push(bytes))

    read('x'.repeat(1000))
    expect(arrival.earlyBytes).toBe(HEAD.length + 1000)
    arrival.releaseToSession(SERVER)
    read('y')

    expect(grown).toEqual([1000])
    expect(arrival.earlyBytes).toBe(0)
  })

  it('closes when the client leaves without a word', async () => {
    const { told, calls, read } = scripted()

    read(-4095)
    expect(told).toEqual([])
    await turn()

    expect(told).toEqual(['closed'])
    expect(calls).toEqual(['readStart', 'close'])
  })

  it('tells of a head that is cut off', () => {
    const { told, read } = scripted()

    read('GET /')
    read(-4095)

    expect(told).toEqual(['cut off'])
  })

  it('watch() aborts when the client leaves before the application has decided', () => {
    const { arrival, read } = scripted()
    read(HEAD)
    arrival.decide(HEAD.length)
    const signal = arrival.watch()
    expect(signal.aborted).toBe(false)

    read(-104)

    expect(signal.aborted).toBe(true)
    expect(arrival.watch().aborted).toBe(true)
    expect(arrival.hasLeft).toBe(true)
  })

  it('close() may be called twice', async () => {
    const { arrival, told, calls } = scripted()

    arrival.close()
    arrival.close()
    await turn()

    expect(told).toEqual(['closed'])
    expect(calls).toEqual(['readStart', 'close'])
  })
})
