import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { Deferred } from '../../src/base/internal.ts'
import {
  CloseReason,
  type DefaultWebSocketServerSession,
  Frame,
  WebSockets,
} from '../../src/index.ts'
import { ConnectionCutError } from '../../src/interop/errors.ts'
import { asDuplex, type DuplexOptions } from '../../src/interop/as-duplex.ts'
import { type TestApplication, withTestApplication } from '../../src/testing/index.ts'

/** A client, and the stream over the server's session. */
interface World {
  readonly t: TestApplication
  readonly client: Awaited<ReturnType<TestApplication['connect']>>
  readonly stream: Duplex
  readonly session: DefaultWebSocketServerSession
}

function world(block: (world: World) => Promise<void>, options?: DuplexOptions): Promise<void> {
  return withTestApplication(async (t) => {
    t.application.install(WebSockets)
    const opened = new Deferred<readonly [DefaultWebSocketServerSession, Duplex]>()
    t.application.routing((route) => {
      route.webSocket('/', async (session) => {
        opened.resolve([session, asDuplex(session, options)])
        await session.closed
      })
    })
    const client = await t.connect('/')
    const [session, stream] = await opened.promise
    await block({ t, client, stream, session })
  })
}

function binary(text: string): Frame {
  return new Frame.Binary(new TextEncoder().encode(text))
}

async function allOf(stream: Duplex): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

describe('asDuplex()', () => {
  it('reads the payloads of text and binary messages in order, and ends at the peer’s Close', () =>
    world(async ({ client, stream }) => {
      await client.send('one,')
      await client.send('')
      await client.send(Buffer.from('two'))
      void client.close()

      expect(await allOf(stream)).toBe('one,two')
    }))

  it('sends each write as one binary message', () =>
    world(async ({ client, stream }) => {
      stream.write('one')
      stream.write(Buffer.from('two'))

      expect(await client.incoming.receive()).toEqual(binary('one'))
      expect(await client.incoming.receive()).toEqual(binary('two'))
    }))

  it('sends text messages when it is asked to', () =>
    world(
      async ({ client, stream }) => {
        stream.write('one')

        expect(await client.incoming.receive()).toEqual(new Frame.Text('one'))
      },
      { messages: 'text' },
    ))

  it('takes no message from the session before it is read', () =>
    world(async ({ client, stream, session }) => {
      await client.send('first')
      expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)

      await client.send('second')
      stream.resume()
      const [chunk] = (await once(stream, 'data')) as [Buffer]
      expect(chunk.toString()).toBe('second')
    }))

  it('holds writes back while the peer does not read', () =>
    world(async ({ t, client, stream }) => {
      t.network.slowReader()
      let written = 0
      const chunk = Buffer.alloc(256 * 1024)
      while (stream.write(chunk, () => written++)) await t.clock.advance(0)
      expect(written).toBeLessThan(64)

      const before = written
      t.network.restore()
      void client.incoming.toArray()
      await once(stream, 'drain')
      expect(written).toBeGreaterThan(before)
      stream.destroy()
    }))

  it('end() closes with 1000 after what was written, and what the peer sends before its Close is read', () =>
    world(async ({ client, stream, session }) => {
      stream.write('last')
      stream.end()

      expect(await client.incoming.receive()).toEqual(binary('last'))
      expect((await session.closeReason).code).toBe(1000)
      expect(await allOf(stream)).toBe('')
      expect((await session.closed).clean).toBe(true)
    }))

  it('ends its writing side after the Close of the peer', () =>
    world(async ({ client, stream }) => {
      stream.resume()
      void client.close(new CloseReason(4000, 'enough'))

      await once(stream, 'close')
      expect(stream.writableEnded).toBe(true)
      expect(stream.errored).toBe(null)
    }))

  it('closes in a program that only writes and calls resume(), behind messages that it never read', () =>
    world(async ({ client, stream }) => {
      stream.write('report')
      stream.resume()
      const sent: Array<Promise<void>> = []
      for (let n = 0; n < 200; n++) sent.push(client.send('unread'))
      await Promise.all(sent)
      void client.close()

      await once(stream, 'close')
      expect(stream.errored).toBe(null)
    }))

  it('is destroyed with ConnectionCutError when the connection is lost during a write', () =>
    world(async ({ t, client, stream }) => {
      t.network.slowReader()
      const failed = once(stream, 'error')
      await client.send('not read')
      for (let written = 0; written < 10; written++) stream.write(Buffer.alloc(1024 * 1024))
      client.terminate()

      expect((await failed)[0]).toBeInstanceOf(ConnectionCutError)
    }))

  it('is destroyed with ConnectionCutError when the connection ends without a Close frame', () =>
    world(async ({ client, stream }) => {
      await client.send('half of it')
      const read = allOf(stream)
      client.terminate()

      await expect(read).rejects.toMatchObject({ code: 'TOWPATH_CONNECTION_CUT' })
    }))

  it('is destroyed when the connection is lost while nobody reads', () =>
    world(async ({ client, stream }) => {
      const failed = once(stream, 'close').catch((error: unknown) => error)
      client.terminate()

      expect(await failed).toMatchObject({ code: 'TOWPATH_CONNECTION_CUT' })
    }))

  it('is destroyed with the error of a broken limit', () =>
    world(async ({ client, stream, session }) => {
      session.maxFrameSize = 1
      await client.send('too long')

      await expect(allOf(stream)).rejects.toMatchObject({ code: 'TOWPATH_FRAME_TOO_BIG' })
    }))

  it('drops the connection when it is destroyed', () =>
    world(async ({ client, stream }) => {
      stream.destroy()

      expect((await client.closeReason).code).toBe(1006)
    }))

  it('fails a write after the end of the session', () =>
    world(async ({ stream, session }) => {
      void session.close()
      const failed = once(stream, 'error')
      stream.write('late')

      expect((await failed)[0]).toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL' })
    }))

  it('throws for an invalid option', () =>
    world(async ({ session }) => {
      // @ts-expect-error -- a program without types
      expect(() => asDuplex(session, { messages: 'json' })).toThrow('messages')
      await Promise.resolve()
    }))
})
