import { describe, expect, it } from 'vitest'
import { CloseReason, Frame } from '../../src/protocol/index.ts'
import { CompressionBudget, type ExtensionContext } from '../../src/extensions/index.ts'
import type { AgreedExtension } from '../../src/extensions/internal.ts'
import { compressedFrame, custom, deflate } from '../support/extensions.ts'
import { clientFrame } from '../support/peer.ts'
import { settled } from '../support/memory-world.ts'
import { defaultSession } from '../support/session.ts'
import { hex } from '../support/bytes.ts'
import { inflated } from '../suites/deflate-engine.ts'
import { HELLO_AGAIN } from '../vectors/rfc7692.ts'

const HELLO = 'f2 48 cd c9 c9 07 00'

/** What short frames of a server hold, with the octets behind each that did not travel. */
function payloadsOf(bytes: Uint8Array): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + 1] ?? 0
    payloads.push(Uint8Array.from([...bytes.subarray(at + 2, at + 2 + length), 0, 0, 0xff, 0xff]))
    at += 2 + length
  }
  return payloads
}

async function textOf(frame: Promise<Frame>): Promise<string> {
  const received = await frame
  return received instanceof Frame.Text ? received.readText() : String(received)
}

for (const engine of ['auto', 'stream'] as const) {
  describe(`a session with permessage-deflate on engine "${engine}"`, () => {
    const open = () => defaultSession({ extensions: [deflate(engine)] })

    it('receives compressed messages, with context takeover', async () => {
      const { session, peer } = open()
      peer.send(compressedFrame('text', HELLO))
      peer.send(compressedFrame('text', HELLO_AGAIN))

      expect(await textOf(session.incoming.receive())).toBe('Hello')
      expect(await textOf(session.incoming.receive())).toBe('Hello')
    })

    it('receives a compressed message in fragments, cut anywhere, with a ping between them', async () => {
      const { session, peer } = open()
      peer.send(compressedFrame('text', 'f2 48 cd', false))
      peer.send(clientFrame('ping', 'p'))
      peer.send(clientFrame('continuation', '', { fin: false }))
      peer.send(clientFrame('continuation', hex('c9 c9 07 00')))

      expect(await textOf(session.incoming.receive())).toBe('Hello')
      expect(await peer.read(3)).toBe('8a 01 70')
    })

    it('receives messages that are not compressed between those that are, in order', async () => {
      const { session, peer } = open()
      peer.send(
        Uint8Array.from([
          ...compressedFrame('text', HELLO),
          ...clientFrame('text', 'plain'),
          ...compressedFrame('text', HELLO_AGAIN),
          ...clientFrame('ping', 'p'),
          ...clientFrame('binary', hex('01')),
          ...clientFrame('close', hex('03 e8')),
        ]),
      )
      const received = (await session.incoming.toArray()).map(String)

      expect(received).toHaveLength(4)
      expect(await peer.rest()).toBe('8a 01 70 88 02 03 e8')
      peer.end()
      expect((await session.closed).clean).toBe(true)
    })

    it('sends messages compressed, with RSV1, and control frames as they are', async () => {
      const { session, peer } = open()
      await session.send('Hello')
      await session.send(new Frame.Ping(hex('70')))
      await session.send('Hello')
      await session.flush()

      expect(await peer.read(9)).toBe(`c1 07 ${HELLO}`)
      expect(await peer.read(3)).toBe('89 01 70')
      expect(await peer.read(7)).toBe(`c1 05 ${HELLO_AGAIN}`)
    })

    it('sends what was accepted before its Close frame', async () => {
      const { session, peer } = open()
      void session.send('Hello')
      void session.send('Hello')
      await session.close(new CloseReason(1000))

      expect(await peer.read(9 + 7 + 4)).toBe(`c1 07 ${HELLO} c1 05 ${HELLO_AGAIN} 88 02 03 e8`)
    })

    it('sends the fragments of a message with RSV1 on the first alone', async () => {
      const { session, peer } = open()
      await session.send(new Frame.Text('Hello', { fin: false }))
      await session.send(new Frame.Text('', { fin: true }))

      expect(await peer.read(13 + 3)).toBe(`41 0b ${HELLO} 00 00 ff ff 80 01 00`)
    })

    it('keeps the bytes that it was sent, if they are changed after send()', async () => {
      const { session, peer } = open()
      const bytes = new TextEncoder().encode('Hello')
      const sent = session.send(bytes)
      await sent
      bytes.fill(0)

      expect(await peer.read(9)).toBe(`c2 07 ${HELLO}`)
    })

    it('sends everything to a peer that reads slowly, in order', async () => {
      const { session, peer } = open()
      peer.pause()
      const texts = Array.from({ length: 100 }, (_, index) => `message ${index}; `)
      const sent = texts.map((text) => session.send(text))
      await settled()
      peer.resume()
      await Promise.all(sent)
      await session.close()
      peer.close(1000)

      const frames = payloadsOf(hex(await peer.rest()))
      expect(inflated(frames.slice(0, -1), 15)).toEqual(new TextEncoder().encode(texts.join('')))
    })

    for (const [what, frame, code, error] of [
      [
        'data that is not deflated',
        compressedFrame('text', '06 ff'),
        '03 ef',
        'ProtocolViolationError',
      ],
      [
        'text that is not UTF-8 once it is inflated',
        compressedFrame('text', '00 01 00 fe ff ff 00'),
        '03 ef',
        'ProtocolViolationError',
      ],
      ['RSV1 on a ping', compressedFrame('ping', '70'), '03 ea', 'ProtocolViolationError'],
      [
        'RSV1 on a Close frame',
        compressedFrame('close', '03 e8'),
        '03 ea',
        'ProtocolViolationError',
      ],
      [
        'RSV1 on a continuation',
        Uint8Array.from([
          ...compressedFrame('text', 'f2 48 cd', false),
          ...compressedFrame('continuation', 'c9 c9 07 00'),
        ]),
        '03 ea',
        'ProtocolViolationError',
      ],
    ] as const) {
      it(`fails with ${code} for ${what}`, async () => {
        const { session, peer } = open()
        peer.send(frame)

        await expect(session.incoming.receive()).rejects.toMatchObject({ name: error })
        expect(await peer.rest()).toBe(`88 02 ${code}`)
        expect((await session.closeReason).code).toBe(code === '03 ef' ? 1007 : 1002)
      })
    }

    it('delivers what came before a message that fails, and nothing behind it', async () => {
      const { session, peer } = open()
      peer.send(
        Uint8Array.from([
          ...compressedFrame('text', HELLO),
          ...compressedFrame('text', '06 ff'),
          ...clientFrame('text', 'late'),
        ]),
      )

      expect(await textOf(session.incoming.receive())).toBe('Hello')
      await expect(session.incoming.receive()).rejects.toMatchObject({ closeCode: 1007 })
      expect(await peer.rest()).toBe('88 02 03 ef')
    })

    it('fails with 1009 while it inflates, and says so to its observer', async () => {
      const { session, peer, heard } = defaultSession({
        extensions: [deflate(engine)],
        maxMessageSize: 4,
      })
      peer.send(compressedFrame('text', '4a c4 0d 00').subarray(0, 10))
      // "aaaaaaaaaa" in 4 bytes; the announced size is within the limit, the message is not.
      await expect(session.incoming.receive()).rejects.toMatchObject({
        name: 'FrameTooBigError',
        limit: 4,
      })

      expect(await peer.rest()).toBe('88 02 03 f1')
      expect(heard.limits).toHaveLength(1)
    })

    it('inflates nothing any more when the handler has returned', async () => {
      const { session, peer } = open()
      const done = session.run(() => {})
      peer.send(compressedFrame('text', '06 ff'))
      await settled()
      peer.close(1000)
      peer.end()
      await done

      expect((await session.closed).reason.code).toBe(1000)
    })

    for (const [how, end] of [
      ['the peer resets', (opened: ReturnType<typeof open>) => opened.peer.reset()],
      ['it is terminated', (opened: ReturnType<typeof open>) => opened.session.terminate()],
    ] as const) {
      it(`gives its memory back when ${how}, in the middle of work too`, async () => {
        const budget = new CompressionBudget(Infinity)
        const opened = defaultSession({ extensions: [deflate(engine, budget)] })
        void opened.session.send('Hello').catch(() => {})
        opened.peer.send(compressedFrame('text', HELLO))
        expect(budget.contexts).toBeGreaterThan(0)
        end(opened)
        await opened.session.closed

        expect([budget.contexts, budget.used]).toEqual([0, 0])
        await settled()
        expect(opened.heard.failures).toEqual([])
      })
    }
  })
}

describe('a session without extensions', () => {
  it('fails with 1002 for RSV1', async () => {
    const { session, peer } = defaultSession()
    peer.send(compressedFrame('text', HELLO))

    await expect(session.incoming.receive()).rejects.toMatchObject({ closeCode: 1002 })
    expect(await peer.rest()).toBe('88 02 03 ea')
  })
})

describe('SessionExtensions', () => {
  it('extensions that are open are disposed of when another cannot be opened', () => {
    const calls: string[] = []
    const boom = new Error('boom')
    const extensions = [
      custom(0, { dispose: () => calls.push('dispose a') }),
      custom(0, {}, () => {
        throw boom
      }),
    ]

    expect(() => defaultSession({ extensions })).toThrow(boom)
    expect(calls).toEqual(['dispose a'])
  })

  it('an extension that throws when it is disposed of ends neither the process nor the others', async () => {
    const calls: string[] = []
    const boom = new Error('boom')
    const { session, peer, heard } = defaultSession({
      extensions: [
        custom(0, {
          dispose: () => {
            throw boom
          },
        }),
        custom(0, { dispose: () => calls.push('dispose b') }),
      ],
    })
    peer.close(1000)
    await peer.rest()
    peer.end()

    expect(await session.closed).toMatchObject({ clean: true, cause: null })
    expect(calls).toEqual(['dispose b'])
    expect(heard.failures).toEqual([boom])
  })

  it('gives each extension the facts of its own session', () => {
    const seen: ExtensionContext[] = []
    const extension: AgreedExtension = {
      ...custom(0, {}),
      agreement: {
        parameters: [],
        open: (context) => {
          seen.push(context)
          return { outgoing: () => {}, incoming: () => {}, dispose: () => {} }
        },
      },
    }
    for (const maxMessageSize of [1000, 1000, 2000, 1000]) {
      defaultSession({ extensions: [extension], maxMessageSize })
    }

    expect(seen.map(({ role, maxMessageSize }) => [role, maxMessageSize])).toEqual([
      ['server', 1000],
      ['server', 1000],
      ['server', 2000],
      ['server', 1000],
    ])
  })

  it('opens extensions with the session and disposes of each of them once', async () => {
    const calls: string[] = []
    const { session, peer } = defaultSession({
      extensions: [
        custom(0, { dispose: () => calls.push('dispose a') }, () => calls.push('open a')),
        custom(0, { dispose: () => calls.push('dispose b') }, () => calls.push('open b')),
      ],
    })
    peer.close(1000)
    peer.end()
    await session.closed
    session.terminate()
    await settled()

    expect(calls).toEqual(['open a', 'open b', 'dispose a', 'dispose b'])
  })

  it('knows the reserved bits of all of them', async () => {
    const seen: number[] = []
    const incoming = (message: { reservedBits: number }): void =>
      void seen.push(message.reservedBits)
    const { session, peer } = defaultSession({
      extensions: [custom(4, { incoming }), custom(1, {})],
    })
    const frame = clientFrame('binary', hex('01'))
    frame[0] = 0x82 | 0x50
    peer.send(frame)
    await session.incoming.receive()

    expect(seen).toEqual([5])
  })
})
