import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../../src/base/internal.ts'
import {
  type AcceptedHandle,
  listenOnHandle,
} from '../../../../src/engines/node/front-door/tcp-listener.ts'
import { listen, RawClient } from '../../../support/loopback.ts'

const BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

describe('listenOnHandle()', () => {
  it('hands over connections in place of Node, until stop()', async () => {
    const server = createServer((socket) => socket.end('by Node'))
    const port = await listen(server)
    const handles: AcceptedHandle[] = []
    const accepted = new Deferred<void>()
    const listener = listenOnHandle(server, BUFFER, (handle) => {
      handles.push(handle)
      accepted.resolve()
    })
    await using first = await RawClient.connect(port)
    await accepted.promise
    listener?.stop()
    await using second = await RawClient.connect(port)
    await second.ended
    second.socket.end()

    expect(second.text).toBe('by Node')
    expect(first.text).toBe('')
    for (const handle of handles) handle.close()
    await first.ended
    await closed(server)
  })

  it('giveBack() makes an ordinary connection, with what was read in front', async () => {
    const server = createServer((socket: Socket) => socket.pipe(socket))
    const port = await listen(server)
    const listener = listenOnHandle(server, BUFFER, (handle) =>
      listener?.giveBack(handle, Buffer.from('before ')),
    )
    await using client = await RawClient.connect(port)

    client.send('after')
    await client.until((text) => text === 'before after')
    const body = 'x'.repeat(500_000)
    client.send(body)
    await client.until((text) => text.length === 'before after'.length + body.length)
    client.socket.end()

    expect(await client.closed).toBe(null)
    expect(client.text).toBe(`before after${body}`)
    await closed(server)
  })

  it('returns null, and changes nothing, where the server has no such handle', async () => {
    const server = createServer((socket) => socket.end('by Node'))

    expect(listenOnHandle(server, BUFFER, () => expect.unreachable('it does not listen'))).toBe(
      null,
    )

    const port = await listen(server)
    await using client = await RawClient.connect(port)
    await client.ended
    client.socket.end()
    expect(client.text).toBe('by Node')
    await closed(server)
  })
})

async function closed(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
