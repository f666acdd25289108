import { expect, it } from 'vitest'
import { AcceptedRequest } from '../../../../src/engines/node/front-door/accepted-request.ts'
import type { SocketName } from '../../../../src/engines/node/transports/connection-facts.ts'

/** A handle that knows its addresses until the connection dies. */
function handleOf(peer: { isAlive: boolean }) {
  const answer = (out: SocketName, address: string, port: number): number => {
    if (peer.isAlive) Object.assign(out, { address, port })
    return peer.isAlive ? 0 : -107
  }
  return {
    getpeername: (out: SocketName) => answer(out, '192.0.2.1', 50_000),
    getsockname: (out: SocketName) => answer(out, '127.0.0.1', 80),
  }
}

const HEAD = { target: '/chat?a', rawHeaders: ['Host', 'a'], byteLength: 40 }

it('AcceptedRequest of a session knows its peer after the connection has died', () => {
  const peer = { isAlive: true }
  const early = { earlyBytes: 0, watchEarlyBytes: () => {} }
  const accepted = new AcceptedRequest(HEAD, handleOf(peer), early, false)
  const refused = new AcceptedRequest(HEAD, handleOf(peer), early, false)
  accepted.accepted()

  peer.isAlive = false

  expect(accepted.remote).toEqual({ host: '192.0.2.1', port: 50_000 })
  expect(refused.remote).toEqual({ host: null, port: null })
})

it('AcceptedRequest knows its peer when only the address of this end was asked for before', () => {
  const peer = { isAlive: true }
  const early = { earlyBytes: 0, watchEarlyBytes: () => {} }
  const request = new AcceptedRequest(HEAD, handleOf(peer), early, false)
  const { local } = request

  peer.isAlive = false

  expect(request.local).toBe(local)
  expect(request.local).toEqual({ host: '127.0.0.1', port: 80 })
  expect(request.remote).toEqual({ host: '192.0.2.1', port: 50_000 })
})

it('AcceptedRequest has what the head says, and what all requests of this door have', () => {
  const early = {
    earlyBytes: 12,
    watchEarlyBytes: (listener: (bytes: number) => void) => listener(3),
  }
  const request = new AcceptedRequest(HEAD, handleOf({ isAlive: true }), early, false)

  expect(request).toMatchObject({
    method: 'GET',
    target: '/chat?a',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'a'],
    hasBody: false,
    local: { host: '127.0.0.1', port: 80 },
    remote: { host: '192.0.2.1', port: 50_000 },
    encrypted: false,
  })

  const grown: number[] = []
  request.watchEarlyBytes((bytes) => grown.push(bytes))
  expect(request.earlyBytes).toBe(12)
  request.decided()
  request.watchEarlyBytes((bytes) => grown.push(bytes))
  expect(request.earlyBytes).toBe(0)
  expect(grown).toEqual([3])
})

it('AcceptedRequest of a session has its own headers, though sessions share the list', () => {
  const early = { earlyBytes: 12, watchEarlyBytes: () => {} }
  const headersOf = (key: string) => ['Host', 'a', 'Sec-WebSocket-Key', key]
  const requests = ['k1', 'k2'].map((key) => {
    const head = { ...HEAD, rawHeaders: headersOf(key) }
    return new AcceptedRequest(head, handleOf({ isAlive: true }), early, false)
  })

  for (const request of requests) {
    request.accepted()
    request.decided()
    request.accepted()
  }

  expect(requests.map(({ rawHeaders }) => rawHeaders)).toEqual(['k1', 'k2'].map(headersOf))
  expect(requests.map(({ earlyBytes }) => earlyBytes)).toEqual([0, 0])
})
