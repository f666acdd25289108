import { connect, createSecureContext, TLSSocket } from 'node:tls'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import {
  BareTls,
  contextOf,
  findTlsInternals,
  type NativeTls,
  type TlsInternals,
  type TlsNewcomer,
} from '../../../../src/engines/node/transports/bare-tls.ts'
import type { TcpHandle, TcpInternals } from '../../../../src/engines/node/transports/tcp-handle.ts'

/** A connection over scripted handles, and what it did and told. */
function scripted() {
  const log: string[] = []
  const requests: { oncomplete?: (status: number) => void }[] = []
  const request = (): object => {
    const made = {}
    requests.push(made)
    return made
  }
  const handle = {
    onread() {},
    useUserBuffer() {},
    readStop: () => 0,
    writeBuffer: () => (log.push('write'), 0),
    shutdown: () => (log.push('shutdown'), 0),
    setALPNProtocols: (protocols: Uint8Array) => void log.push(`offers ${protocols.length}`),
    getALPNNegotiatedProtocol: () => false,
    destroySSL: () => void log.push('destroySSL'),
  } as unknown as NativeTls // the rest is for transports
  let closed = (): void => {}
  const lower = {
    close(callback: (this: unknown) => void) {
      log.push('close')
      closed = () => callback.call(lower)
    },
  } as unknown as TcpHandle // TLS does the rest with it
  const owner: TlsNewcomer = {
    secured: () => void log.push('secured'),
    wasRead: () => void log.push('read'),
    wasClosed: () => void log.push('closed'),
    failed: (error) => void log.push(`failed ${(error as NodeJS.ErrnoException).code}`),
  }
  const internals = { createWrite: request, createShutdown: request } as unknown as TcpInternals
  const wrap: TlsInternals['wrap'] = () => handle
  const protocols = Buffer.from('\x08http/1.1')
  const settings = { internals: { wrap }, context: () => ({}), protocols }
  const tls = new BareTls(lower, settings, internals, owner, new Uint8Array(1))
  return { tls, handle, log, requests, closed: () => closed() }
}

describe('BareTls', () => {
  it('offers protocols, tells of its handshake once, and passes reads on', () => {
    const { tls, handle, log } = scripted()

    handle.onhandshakestart(5)
    handle.onhandshakedone()
    handle.onhandshakedone()
    Reflect.apply(handle.onread, handle, [])

    expect(tls.protocol).toBe('')
    expect(log).toEqual(['offers 9', 'secured', 'read'])
  })

  it('lets a client renegotiate three times in ten minutes, and then fails', () => {
    const { handle, log } = scripted()
    const begin = (minute: number): void => handle.onhandshakestart(1 + minute * 60_000)

    for (const minute of [0, 1, 2, 3, 14, 15, 16]) begin(minute)
    expect(log).toEqual(['offers 9'])
    begin(17)

    expect(log).toEqual(['offers 9', 'failed ERR_TLS_SESSION_ATTACK'])
  })

  it('close() closes once, and frees TLS when the handle below is closed', () => {
    const { tls, log, closed } = scripted()
    const server = { _connections: 1, _emitCloseIfDrained: () => void log.push('counted') }
    tls.server = server

    tls.close(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
    tls.close()
    expect(log.slice(1)).toEqual(['failed ECONNRESET', 'close'])
    closed()

    expect(log.slice(3)).toEqual(['destroySSL', 'counted', 'closed'])
    expect(server._connections).toBe(0)
  })

  it('writeLast() ends our side when TLS has written, and then closes if it shall', () => {
    const { tls, log, requests } = scripted()

    expect(tls.writeLast(Buffer.from('bye'))).toBe(true)
    tls.closeOnceAnswered()
    expect(log.slice(1)).toEqual(['write'])
    requests[0]?.oncomplete?.(0)
    expect(log.slice(2)).toEqual(['shutdown'])
    requests[1]?.oncomplete?.(0)

    expect(log.slice(3)).toEqual(['close'])
  })

  it('is silent after release()', () => {
    const { tls, handle, log } = scripted()
    const { onhandshakedone, onerror } = handle

    tls.release()
    onhandshakedone.call(handle)
    onerror.call(handle, new Error('bad record'))
    Reflect.apply(handle.onread, handle, [])

    expect(log).toEqual(['offers 9'])
  })
})

describe('findTlsInternals()', () => {
  it('finds what makes handles on this Node, and leaves it unchanged', async () => {
    const found = findTlsInternals()
    expect(found).not.toBe(null)
    expect(findTlsInternals()?.wrap).toBe(found?.wrap)

    // Node still makes sockets with it.
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const socket = connect({
      host: '127.0.0.1',
      port: typeof address === 'object' ? address?.port : 0,
    })
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('close', resolve))
    expect(socket).toBeInstanceOf(TLSSocket)
    server.close()
  })
})

describe('contextOf()', () => {
  it('returns the native object of a secure context', () => {
    const context = createSecureContext()

    expect(contextOf(context)).toBe(context.context)
  })
})
