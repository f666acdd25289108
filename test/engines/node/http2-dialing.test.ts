import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

import { CloseReason, type Frame } from '../../../src/index.ts'
import { createWebSocketClient, UpgradeRefusedError } from '../../../src/node-client.ts'
import { certificate } from '../../support/certificate.ts'
import { http1Client, http2Client } from '../../support/client-hosts.ts'
import { serveHttp2 } from '../../support/http2-server.ts'
import { rawHttp2Server } from '../../support/raw-http2-server.ts'
import { howAClientEnds } from '../../suites/how-a-client-ends.ts'

howAClientEnds('TCP', () => http1Client(false))
howAClientEnds('TLS', () => http1Client(true))
howAClientEnds('HTTP/2', http2Client)

const TLS = { ca: certificate.cert }

const textOf = (frame: Frame): string => Buffer.from(frame.buffer).toString()

describe('a client over HTTP/2', () => {
  it.each([true, 'auto'] as const)(
    '%s opens sessions as streams of one connection',
    async (http2) => {
      const ports = new Set<unknown>()
      const versions = new Set<string>()
      await using server = await serveHttp2({}, (app) => {
        app.routing((route) => {
          route.webSocket('/facts', ({ call }) => {
            ports.add(call.request.origin.remotePort)
            versions.add(call.request.origin.version)
          })
        })
      })
      const client = createWebSocketClient({ http2, tls: TLS })
      const url = `wss://localhost:${server.address.port}/facts`

      const sessions = await Promise.all(
        Array.from({ length: 20 }, () => client.openWebSocket(url)),
      )
      const ends = await Promise.all(sessions.map(({ closed }) => closed))

      expect(ends.every(({ clean, cause }) => clean && cause === null)).toBe(true)
      expect([...versions]).toEqual(['HTTP/2'])
      expect(ports.size).toBe(1)
    },
  )

  it.each([true, false])('ends in the same way as over HTTP/1.1 (http2: %s)', async (http2) => {
    await using server = await serveHttp2({}, (app) => {
      app.routing((route) => {
        route.webSocket('/expired', ({ close }) => close(new CloseReason(4401, 'expired')))
        route.webSocket('/returns', () => {})
      })
    })
    const client = createWebSocketClient({ http2, tls: TLS })
    const url = `wss://localhost:${server.address.port}`

    const expired = await (await client.openWebSocket(`${url}/expired`)).closed
    const returned = await (await client.openWebSocket(`${url}/returns`)).closed
    await using echo = await client.openWebSocket(`${url}/echo`)
    await echo.send('a'.repeat(300_000))
    const answer = textOf(await echo.incoming.receive())
    await echo.close(new CloseReason(4000, 'enough'))
    const own = await echo.closed
    const refused: unknown = await client
      .openWebSocket(`${url}/nothing`)
      .catch((error: unknown) => error)

    expect(expired).toMatchObject({ reason: new CloseReason(4401, 'expired'), clean: true })
    expect(returned).toMatchObject({ reason: new CloseReason(1000, ''), clean: true })
    expect(answer.length).toBe(300_000)
    expect(own).toMatchObject({ reason: new CloseReason(4000, 'enough'), clean: true, cause: null })
    expect(refused).toBeInstanceOf(UpgradeRefusedError)
    expect(refused).toMatchObject({ status: 404 })
  })

  it('200 sessions are on two connections, as the server of Towpath refuses the 101st', async () => {
    const ports = new Set<unknown>()
    await using server = await serveHttp2({}, (app) => {
      app.routing((route) => {
        route.webSocket('/wait', async ({ call, incoming }) => {
          ports.add(call.request.origin.remotePort)
          for await (const _ of incoming);
        })
      })
    })
    const client = createWebSocketClient({ http2: true, tls: TLS })
    const url = `wss://localhost:${server.address.port}/wait`

    const sessions = await Promise.all(Array.from({ length: 200 }, () => client.openWebSocket(url)))
    const ends = Promise.all(sessions.map(({ closed }) => closed))
    await server.stop({ grace: 0, timeout: 1000 })

    expect(new Set((await ends).map(({ reason }) => reason?.code))).toEqual(new Set([1001]))
    expect(ports.size).toBe(2)
  })

  it('sessions of a connection that dies end with 1006, and come back over one new connection', async () => {
    await using server = await rawHttp2Server()
    const client = createWebSocketClient({ http2: true, tls: TLS })
    const reconnect = { baseDelay: { milliseconds: 1 }, maxDelay: { milliseconds: 2 } }
    const connections = Array.from({ length: 3 }, () =>
      client.connect(`wss://localhost:${server.port}/`, { reconnect }),
    )
    const first = await server.next()
    for (const _ of connections) first.accept(await first.nextRequest())
    await first.settle()
    first.socket.destroy()
    const second = await server.next()
    const peers = []
    for (const _ of connections) peers.push(second.accept(await second.nextRequest()))
    for (const peer of peers) peer.send('81 02 68 69')

    const frames = await Promise.all(connections.map(({ incoming }) => incoming.receive()))

    expect(frames.map(textOf)).toEqual(['hi', 'hi', 'hi'])
    expect(server.connections).toHaveLength(2)
    for (const peer of peers) {
      peer.send('88 02 03 e8')
      peer.end()
    }
    await Promise.all(connections.map((connection) => connection.close()))
  })

  it('ends its stream behind the Close frames: a server that never does holds up no `closed`', async () => {
    await using server = await rawHttp2Server()
    const client = createWebSocketClient({ http2: true, tls: TLS })
    const opening = client.openWebSocket(`wss://localhost:${server.port}/`)
    const connection = await server.next()
    const peer = connection.accept(await connection.nextRequest())
    const session = await opening
    const closing = session.close(new CloseReason(4000, 'enough'))
    await peer.read(14)
    peer.send('88 02 0f a0')
    // END_STREAM of the client, which a client over TCP leaves to the server.
    const rest = await peer.rest()
    peer.end()
    await closing

    expect(rest).toBe('')
    expect(await session.closed).toMatchObject({ clean: true, cause: null })
  })

  it('a client without the option loads no module for HTTP/2', async () => {
    // In a process of its own: this one has loaded it.
    const source = new URL('../../../src/node-client.ts', import.meta.url)
    const script = `
      const isLoaded = () => process.moduleLoadList.includes('NativeModule http2')
      // From Node 22 on this alone loads it, on the way to Node's own WebSocket.
      await import('node:http')
      const before = isLoaded()
      const { openWebSocket } = await import(${JSON.stringify(source.href)})
      await openWebSocket('ws://127.0.0.1:9/').catch(() => {})
      console.log(isLoaded() === before)
    `
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)

    expect(stdout.trim()).toBe('true')
  })

  it('an idle connection does not keep the process alive, unless close() waits for it', async () => {
    await using server = await serveHttp2()
    const source = new URL('../../../src/node-client.ts', import.meta.url)
    const script = `
      const { createWebSocketClient } = await import(${JSON.stringify(source.href)})
      const tls = { ca: process.env.CA }
      const client = createWebSocketClient({ http2: true, tls })
      const session = await client.openWebSocket(process.env.URL)
      await session.close()
      await session.closed
      // It lists what keeps the process alive.
      console.log(process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')))
      await client.close()
      console.log('closed')
    `
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      {
        env: {
          ...process.env,
          CA: certificate.cert,
          URL: `wss://localhost:${server.address.port}/echo`,
        },
      },
    )

    expect(stdout).toBe('[]\nclosed\n')
  })
})
