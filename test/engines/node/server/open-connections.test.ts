import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { OpenConnections } from '../../../../src/engines/node/server/open-connections.ts'
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
})
