import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { FrameSocket } from '../../../src/brokers/workers/frame-socket.ts'

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1') // of TCP
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  return { near, far }
}

describe('FrameSocket', () => {
  it('carries frames, and tells the end once', async () => {
    const { near, far } = await pair()
    const ended: unknown[] = []
    const sender = new FrameSocket(
      near,
      1000,
      () => {},
      (cause) => ended.push(cause),
    )
    const received = new Promise((resolve) => {
      new FrameSocket(far, 1000, resolve, () => {})
    })
    sender.send({ a: 1 }, new Uint8Array([2]))

    expect(await received).toEqual({ header: { a: 1 }, body: new Uint8Array([2]) })
    far.destroy()
    await once(near, 'close')
    expect(ended).toEqual([null])
    sender.send({ a: 1 })
  })

  it('ends a connection whose other end takes nothing', async () => {
    const { near, far } = await pair()
    far.pause()
    const sender = new FrameSocket(
      near,
      100_000,
      () => {},
      () => {},
    )
    for (let n = 0; n < 1000 && !near.destroyed; n++) sender.send({}, new Uint8Array(100_000))

    expect(near.destroyed).toBe(true)
    far.destroy()
  })
})
