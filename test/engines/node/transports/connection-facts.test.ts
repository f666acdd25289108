import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'

describe('connectionFacts()', () => {
  it('gives an IPv4 peer of a dual-stack socket as IPv4', async () => {
    const server = createServer().listen(0, '::')
    await once(server, 'listening')
    // A server that listens on TCP has an AddressInfo.
    const { port } = server.address() as AddressInfo
    const peer = connect(port, '127.0.0.1')
    // net.Server's 'connection' has one socket.
    const [socket] = (await once(server, 'connection')) as [Socket]

    expect(connectionFacts(socket)).toEqual({
      local: { host: '127.0.0.1', port },
      remote: { host: '127.0.0.1', port: peer.localPort },
      encrypted: false,
    })
    socket.destroy()
    peer.destroy()
    server.close()
  })

  it('has no addresses for a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'towpath-'))
    const server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    const peer = connect(join(folder, 'socket'))
    // net.Server's 'connection' has one socket.
    const [socket] = (await once(server, 'connection')) as [Socket]

    expect(connectionFacts(socket)).toEqual({
      local: { host: null, port: null },
      remote: { host: null, port: null },
      encrypted: false,
    })
    socket.destroy()
    peer.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })

  it('has no addresses for a stream in memory', () => {
    const [stream] = duplexPair()

    expect(connectionFacts(stream).remote).toEqual({ host: null, port: null })
  })
})
