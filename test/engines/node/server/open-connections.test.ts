import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { OpenConnections } from '../../../../src/engines/node/server/open-connections.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen } from '../../../support/loopback.ts'

describe('OpenConnections', () => {
  it('dropSilent() ends those without a request, dropAll() the rest', async () => {
    const server = createServer()
    const connections = new OpenConnections(server)
    const port = await listen(server)
    const accepted: Socket[] = []
    for (let index = 0; index < 3; index++) {
      connect(port, '127.0.0.1').resume()
      // net.Server's 'connection' has one socket.
      accepted.push(...((await once(server, 'connection')) as [Socket]))
    }
    const [first, second, third] = accepted
    connections.requestArrived(second!)

    connections.dropSilent()
    await Promise.all([once(first!, 'close'), once(third!, 'close')])

    expect(connections.size).toBe(1)
    expect(second!.destroyed).toBe(false)
    connections.dropAll()
    await once(second!, 'close')
    expect(connections.size).toBe(0)
    server.close()
  })

  it('counts a connection that is announced twice once', async () => {
    const server = createServer()
    const connections = new OpenConnections(server)
    const peer = connect(await listen(server), '127.0.0.1')
    // net.Server's 'connection' has one socket.
    const [socket] = (await once(server, 'connection')) as [Socket]
    connections.requestArrived(socket)

    server.emit('connection', socket)
    connections.dropSilent()

    expect(connections.size).toBe(1)
    expect(socket.destroyed).toBe(false)
    peer.destroy()
    server.close()
    await once(server, 'close')
  })

  it('tells connections over TLS on a Unix socket apart, which have no addresses', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'towpath-'))
    const path = join(folder, 'server')
    const server = createTlsServer(certificate)
    const connections = new OpenConnections(server)
    server.listen({ path })
    await once(server, 'listening')
    const accepted: Socket[] = []
    server.on('connection', (socket: Socket) => accepted.push(socket))
    const open = async (): Promise<TLSSocket> => {
      const secured = once(server, 'secureConnection')
      const client = connectTls({ path, servername: 'localhost', ca: certificate.cert })
      client.on('error', () => {}).resume()
      // `once` resolves with the arguments of the event: it has one socket.
      return ((await secured) as [TLSSocket])[0]
    }
    const first = await open()
    await open()
    const [asking, silent] = accepted
    connections.requestArrived(first)

    expect(connections.size).toBe(2)
    connections.dropSilent()
    await once(silent!, 'close')
    expect(connections.size).toBe(1)
    const closed = once(asking!, 'close')
    connections.dropAll()
    await closed
    server.close()
    await once(server, 'close')

    expect(connections.size).toBe(0)
    await rm(folder, { recursive: true })
  })

  it('finds the connection of a request over TLS by its addresses where Node hides its socket', async () => {
    const server = createTlsServer(certificate)
    const connections = new OpenConnections(server)
    const port = await listen(server)
    const arrived = once(server, 'connection')
    const secured = once(server, 'secureConnection')
    const client = connectTls({ port, host: '127.0.0.1', ca: certificate.cert })
    client.on('error', () => {}).resume()
    // `once` resolves with the arguments of the event: each has one socket.
    const [socket] = (await arrived) as [Socket]
    const [secure] = (await secured) as [TLSSocket]
    Object.defineProperty(secure, '_parent', { value: null })

    connections.requestArrived(secure)
    connections.dropSilent()

    expect(socket.destroyed).toBe(false)
    const closed = once(socket, 'close')
    connections.dropAll()
    await closed
    server.close()
    await once(server, 'close')
  })
})
