import { createServer, type ServerResponse } from 'node:http'
import { type Duplex, PassThrough } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'

import { Deferred } from '../../../../src/base/internal.ts'
import { OwedAnswers } from '../../../../src/engines/node/upgrades/owed-answers.ts'
import { listen, RawClient } from '../../../support/loopback.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const UPGRADE = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** Creates a server that keeps its responses, and an upgrade whose client sent `request` first. */
async function upgradeBehind(request: string) {
  const server = createServer((_, response) => responses.push(response))
  const responses: ServerResponse[] = []
  const owed = new OwedAnswers(server)
  const upgraded = new Deferred<Duplex>()
  server.on('upgrade', (_request, stream: Duplex) => upgraded.resolve(stream.on('error', () => {})))
  const client = await RawClient.connect(await listen(server))
  client.send(request + UPGRADE)
  const stream = await upgraded.promise
  return {
    owed,
    client,
    stream,
    responses,
    server,
    async [Symbol.asyncDispose]() {
      stream.destroy()
      await client[Symbol.asyncDispose]()
      server.close()
    },
  }
}

describe('OwedAnswers', () => {
  it('owes nothing on a stream that it has never seen', () => {
    const owed = new OwedAnswers(createServer())
    const then = vi.fn<() => void>()
    const stream = new PassThrough()

    owed.whenAnswered(stream, then)

    expect(owed.isOwed(stream)).toBe(false)
    expect(then).toHaveBeenCalledTimes(1)
  })

  it('whenAnswered() waits for every earlier response, in any order of their ends', async () => {
    await using world = await upgradeBehind(GET + GET)
    const { owed, stream, responses, client } = world
    const answered = new Promise<void>((resolve) => owed.whenAnswered(stream, resolve))
    const then = vi.fn<() => void>()
    void answered.then(then)

    expect(owed.isOwed(stream)).toBe(true)
    responses[1]?.end('second')
    responses[0]?.write('fi')
    await client.until((text) => text.includes('fi'))
    expect(then).not.toHaveBeenCalled()
    responses[0]?.end('rst')
    await answered

    expect(owed.isOwed(stream)).toBe(false)
    await client.until((text) => /^HTTP[^]*fi[^]*rst[^]*HTTP[^]*second$/.test(text))
  })

  it('whenAnswered() passes drain on to a response that waits for it', async () => {
    await using world = await upgradeBehind(GET)
    const { owed, stream, responses, client } = world
    const answered = new Promise<void>((resolve) => owed.whenAnswered(stream, resolve))
    const [response] = responses
    const bytes = Buffer.alloc(8 * 1024 * 1024)

    expect(response?.writeHead(200, { 'content-length': bytes.length + 3 }).write(bytes)).toBe(
      false,
    )
    response?.once('drain', () => response.end('end'))
    await answered

    await client.until((text) => text.endsWith('end'))
  })

  it('whenAnswered() goes on when the connection is lost', async () => {
    await using world = await upgradeBehind(GET)
    const { owed, stream, client } = world
    const answered = new Promise<void>((resolve) => owed.whenAnswered(stream, resolve))

    client.socket.resetAndDestroy()

    await answered
    expect(owed.isOwed(stream)).toBe(false)
  })

  it('leaves no listener behind when it is disposed of', () => {
    const server = createServer()
    const owed = new OwedAnswers(server)
    expect(server.listenerCount('request')).toBe(1)

    owed[Symbol.dispose]()

    expect(server.listenerCount('request')).toBe(0)
  })
})
