import { once } from 'node:events'
import { AsyncLocalStorage } from 'node:async_hooks'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'

import { dialing, failureOf } from '../../../support/http2-dialing.ts'
import { loopbackTurn } from '../../../support/node-host.ts'
import { FrameKind, type RawHttp2, Setting } from '../../../support/raw-http2.ts'
import { type RawHttp2Server, rawHttp2Server, WILLING } from '../../../support/raw-http2-server.ts'

const urlOf = ({ port }: RawHttp2Server): string => `wss://localhost:${port}/`

/** Accepts every stream of a connection until it ends. */
async function acceptAll(connection: RawHttp2): Promise<void> {
  try {
    for (;;) connection.accept(await connection.nextRequest())
  } catch {
    // The connection has ended.
  }
}

describe('Http2Opening', () => {
  it('requests that come together share one connection', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const openings = Array.from({ length: 20 }, () => dial(urlOf(server)))
    const connection = await server.next()
    for (const _ of openings) connection.accept(await connection.nextRequest())

    const outcomes = await Promise.all(openings)

    expect(new Set(outcomes.map(({ response }) => response.status))).toEqual(new Set([200]))
    expect(server.connections).toHaveLength(1)
  })

  it('sends nothing before the SETTINGS of the server (RFC 8441 §3)', async () => {
    await using server = await rawHttp2Server({ settings: null })
    const { dial } = dialing()
    const opening = dial(urlOf(server))
    const connection = await server.next()
    await connection.until(() => connection.frames.length > 0)
    await loopbackTurn()
    const before = connection.frames.map(({ kind }) => kind)
    connection.sendSettings(WILLING)
    connection.accept(await connection.nextRequest())

    expect((await opening).response.status).toBe(200)
    expect(before).toContain(FrameKind.SETTINGS)
    expect(before).not.toContain(FrameKind.HEADERS)
  })

  it('an abort of one request does not affect the others', async () => {
    await using server = await rawHttp2Server({ settings: null })
    const { dial } = dialing()
    const abort = new AbortController()
    const first = failureOf(dial(urlOf(server), { signal: abort.signal }))
    const second = dial(urlOf(server))
    const connection = await server.next()
    abort.abort(new Error('on purpose'))
    expect(await first).toMatchObject({ message: 'on purpose' })
    connection.sendSettings(WILLING)
    connection.accept(await connection.nextRequest())

    expect((await second).response.status).toBe(200)
  })

  it('ends the connection when the last request that waits is aborted', async () => {
    await using server = await rawHttp2Server({ settings: null })
    const { dial } = dialing()
    const abort = new AbortController()
    const aborted = failureOf(dial(urlOf(server), { signal: abort.signal }))
    const connection = await server.next()
    abort.abort(new Error('on purpose'))

    expect(await aborted).toMatchObject({ message: 'on purpose' })
    await connection.closed
  })

  it('a server that is not there rejects all requests with ConnectError', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // it listens on TCP
    server.close()
    await once(server, 'close')
    const { dial } = dialing()
    const url = `wss://127.0.0.1:${port}/`

    const errors = await Promise.all([failureOf(dial(url)), failureOf(dial(url))])

    expect(errors).toMatchObject([{ step: 'connect' }, { step: 'connect' }])
    expect(errors[0]).not.toBe(errors[1])
  })

  it('a server that ends the connection before its SETTINGS rejects with ConnectError', async () => {
    await using server = await rawHttp2Server({ settings: null })
    const { dial } = dialing()
    const failed = failureOf(dial(urlOf(server)))
    const connection = await server.next()
    connection.socket.end()

    expect(await failed).toMatchObject({ step: 'handshake' })
  })

  it('more requests than a connection has room for get more connections', async () => {
    await using server = await rawHttp2Server({
      settings: [...WILLING, [Setting.MAX_CONCURRENT_STREAMS, 2]],
    })
    const { dial } = dialing()
    const openings = Array.from({ length: 5 }, () => dial(urlOf(server)))
    // The second and the third are made at once, and come in any order.
    for (let times = 0; times < 3; times++) void acceptAll(await server.next())

    expect(await Promise.all(openings)).toHaveLength(5)
    expect(server.connections).toHaveLength(3)
  })

  it('a server that allows no stream at all is one that allows no WebSockets', async () => {
    await using server = await rawHttp2Server({
      settings: [...WILLING, [Setting.MAX_CONCURRENT_STREAMS, 0]],
    })
    const { dial } = dialing()

    expect(await failureOf(dial(urlOf(server)))).toMatchObject({ step: 'protocol' })
  })

  it('the connection does not keep the async context of its first request', async () => {
    await using server = await rawHttp2Server({ cleartext: true })
    const users = new AsyncLocalStorage<string>()
    const { dial, clock } = dialing()
    const seen: Array<string | undefined> = []
    const opening = users.run('ada', () => dial(`ws://127.0.0.1:${server.port}/`))
    const connection = await server.next()
    connection.accept(await connection.nextRequest())
    await opening
    const setTimer = clock.setTimer.bind(clock)
    clock.setTimer = (...args) => {
      seen.push(users.getStore())
      return setTimer(...args)
    }
    connection.socket.destroy()
    await connection.closed

    expect(seen.includes('ada')).toBe(false)
  })
})
