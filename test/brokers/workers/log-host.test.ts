import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeFrame } from '../../../src/brokers/workers/log-frames.ts'
import { LogHost } from '../../../src/brokers/workers/log-host.ts'

describe('LogHost', () => {
  let host: LogHost
  let port: number

  beforeEach(async () => {
    host = new LogHost('the secret')
    host.listen({ port: 0 })
    await once(host.server, 'listening')
    port = (host.server.address() as AddressInfo).port // of TCP
  })

  afterEach(async () => {
    host.server.close()
    await once(host.server, 'close')
  })

  const hello = { do: 'hello', id: 1, namespace: 'a', node: 'b' }

  it.each([
    ['another secret', encodeFrame({ ...hello, secret: 'another' })],
    ['no hello', encodeFrame({ do: 'flush', id: 1, secret: 'the secret' })],
    ['no frames', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('disconnects a stranger with %s', async (_what, sent) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.write(sent)

    await once(socket, 'close')
  })

  it('disconnects a worker that asks for what it does not know', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.write(encodeFrame({ ...hello, secret: 'the secret' }))
    socket.write(encodeFrame({ do: 'teleport', id: 2 }))

    await once(socket, 'close')
    expect(socket.destroyed).toBe(true)
  })
})
