/**
 * Our client on Node with servers that we did not write.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CloseReason,
  Frame,
  openWebSocket,
  permessageDeflate,
  UpgradeRefusedError,
  webSocket,
} from 'towpath/client'
import { FOREIGN_SERVERS, type ForeignServer, type RunningServer } from './foreign-servers.ts'

const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 8 << 20]
const CODES = [1000, 1001, 1008, 1011, 3000, 4999]

for (const server of FOREIGN_SERVERS) {
  describe(`our client with ${server.name}`, () => {
    suite(server)
  })
}

function suite(server: ForeignServer): void {
  let running: RunningServer | null = null
  let absence = ''
  const at = (path: string): string => `${running?.url ?? ''}/${path}`

  beforeAll(async () => {
    const started = await server.start()
    if (typeof started === 'string') absence = started
    else running = started
  })
  afterAll(() => running?.stop())
  const test = (name: string, run: () => Promise<void>, cannot?: string): void => {
    const reason = cannot === undefined ? '' : ` (${cannot})`
    it.skipIf(cannot !== undefined)(`${name}${reason}`, async (t) => {
      t.skip(running === null, absence)
      await run()
    })
  }

  for (const transport of ['auto', 'stream'] as const) {
    test(`has messages of every size back, over ${transport}`, async () => {
      await webSocket(at('echo'), { transport, maxMessageSize: 8 << 20 }, async (session) => {
        for (const size of SIZES) {
          const text = textOf(size)
          const bytes = bytesOf(size)
          await session.send(text)
          await session.send(bytes)
          expect(read(await session.incoming.receive()) === text).toBe(true)
          const echoed = await session.incoming.receive()
          expect(Buffer.compare(echoed.buffer, bytes)).toBe(0)
        }
      })
    })

    test(`has what was sent in fragments, over ${transport}`, async () => {
      await webSocket(at('echo'), { transport }, async ({ send, incoming }) => {
        await send(new Frame.Text('grü', { fin: false }))
        await send(new Frame.Ping(Uint8Array.of(1)))
        await send(new Frame.Text('', { fin: false }))
        await send(new Frame.Text('ße'))
        expect(read(await incoming.receive())).toBe('grüße')
      })
    })
  }

  test(
    'receives fragments as one message',
    async () => {
      await webSocket(at('fragments'), async ({ incoming }) => {
        expect(read(await incoming.receive())).toBe('grüße')
      })
    },
    server.cannot.fragments,
  )

  test('answers pings', async () => {
    await webSocket(at('pinged'), async ({ incoming }) => {
      expect(read(await incoming.receive())).toBe('still there?')
    })
  })

  test('measures the round trip of its own pings', async () => {
    await webSocket(at('echo'), { pingPeriod: { milliseconds: 20 } }, async (session) => {
      while (session.roundTripTime === null) {
        await session.send('x')
        await session.incoming.receive()
      }
      expect(session.roundTripTime).toBeGreaterThanOrEqual(0)
    })
  })

  test('sees every code that the server closes with', async () => {
    for (const code of CODES) {
      const session = await openWebSocket(at(`close/${code}`))

      expect(await session.closeReason).toEqual(new CloseReason(code, 'that is all ✓'))
      expect(await session.closed).toMatchObject({ clean: true, initiator: 'remote' })
    }
  })

  test(
    'sees an empty Close as 1005',
    async () => {
      const session = await openWebSocket(at('empty'))

      expect((await session.closeReason).code).toBe(1005)
    },
    server.cannot.empty,
  )

  test('has the server see every code that it closes with', async () => {
    const without = server.cannot.libraryCodes === undefined ? null : 3000
    for (const code of CODES.filter((each) => each !== without)) {
      const session = await openWebSocket(at('told'))
      void session.close(new CloseReason(code, 'bye ✓'))

      expect(await running?.nextEnding()).toEqual({ code, reason: 'bye ✓' })
      expect(await session.closed).toMatchObject({ clean: true, initiator: 'local' })
    }
  })

  test('agrees on a subprotocol, and on none', async () => {
    const offering = { protocols: ['v1.chat', 'v2.chat'] }
    await webSocket(at('echo'), offering, ({ protocol }) => expect(protocol).toBe('v2.chat'))
    await webSocket(at('echo'), ({ protocol }) => expect(protocol).toBe(null))
  })

  test('compresses both ways', async () => {
    const options = { extensions: [permessageDeflate({ threshold: 0 })] }
    await webSocket(at('echo'), options, async ({ send, incoming, response }) => {
      const agreed = response.headers.get('sec-websocket-extensions')
      expect(agreed).toContain('permessage-deflate')
      for (let index = 0; index < 50; index++) {
        const text = JSON.stringify({ index, words: textOf(index * 100) })
        await send(text)
        expect(read(await incoming.receive()) === text).toBe(true)
      }
    })
  })

  test('is refused with status, headers and body', async () => {
    const error: unknown = await openWebSocket(at('refuse')).catch((failed: unknown) => failed)

    expect(error).toBeInstanceOf(UpgradeRefusedError)
    expect(error).toMatchObject({ status: 401, body: expect.stringContaining('who are you?') })
    expect((error as UpgradeRefusedError).headers.get('www-authenticate')).toBe('Bearer')
  })

  test('follows a redirect when it is told to', async () => {
    await expect(openWebSocket(at('redirect'))).rejects.toMatchObject({ status: 302 })
    await webSocket(at('redirect'), { followRedirects: 1 }, async ({ url, send, incoming }) => {
      expect(url).toBe(at('echo'))
      await send('hello')
      expect(read(await incoming.receive())).toBe('hello')
    })
  })

  for (const transport of ['auto', 'stream'] as const) {
    test(`loses nothing of a flood that it reads late, over ${transport}`, async () => {
      const options = { transport, channels: { incoming: { capacity: 4 } } }
      await webSocket(at('flood'), options, async ({ incoming }) => {
        for (let index = 0; index < 256; index++) {
          if (index % 32 === 0) await turns(20)
          const { buffer } = await incoming.receive()
          expect([buffer.length, buffer[0], buffer.at(-1)]).toEqual([65_536, index, index])
        }
      })
    })
  }

  test('sees 1006 when the server drops the connection', async () => {
    const session = await openWebSocket(at('drop'))
    await session.send('x')

    for await (const _ of session.incoming);
    expect((await session.closeReason).code).toBe(1006)
    expect((await session.closed).clean).toBe(false)
  })
}

function read(frame: Frame): string {
  return frame instanceof Frame.Text ? frame.readText() : 'no text'
}

/** Text of that many bytes in UTF-8, of characters of one, two, three and four bytes. */
function textOf(bytes: number): string {
  const tens = Math.floor(bytes / 10)
  return 'aé€😀'.repeat(tens) + 'x'.repeat(bytes - tens * 10)
}

function bytesOf(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 31) & 0xff))
}

/** Time in which nobody reads: the server and the kernels fill what they have. */
async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
