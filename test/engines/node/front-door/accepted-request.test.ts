import { expect, it } from 'vitest'
import { AcceptedRequest } from '../../../../src/engines/node/front-door/accepted-request.ts'
import type { SocketName } from '../../../../src/engines/node/transports/connection-facts.ts'

it('AcceptedRequest has what the head says, and what all requests of this door have', () => {
  const handle = {
    getpeername: (out: SocketName) => (
      Object.assign(out, { address: '192.0.2.1', port: 50_000 }),
      0
    ),
    getsockname: (out: SocketName) => (Object.assign(out, { address: '127.0.0.1', port: 80 }), 0),
  }
  const request = new AcceptedRequest(
    { target: '/chat?a', rawHeaders: ['Host', 'a'], byteLength: 40 },
    handle,
    { earlyBytes: 12, watchEarlyBytes: (listener) => listener(3) },
  )

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
