import { constants, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { CompressionBudget } from '../../src/extensions/compression-budget.ts'
import {
  readDeflateOptions,
  type PermessageDeflateOptions,
} from '../../src/extensions/deflate-options.ts'
import type { DeflateParameters } from '../../src/extensions/deflate-parameters.ts'
import { DeflateSession, directionsOf, termsOf } from '../../src/extensions/deflate-session.ts'
import { MessageFrame, transform } from '../../src/extensions/message-frame.ts'
import { chooseEngine } from '../../src/extensions/self-test.ts'
import { Frame, type PreparedFrame, preparedPayload } from '../../src/protocol/internal.ts'
import { hex, toHex } from '../support/bytes.ts'
import { COMPRESSED_HELLO, HELLO_AGAIN } from '../vectors/rfc7692.ts'

const WIDE: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

interface Setup {
  readonly options?: PermessageDeflateOptions
  readonly agreed?: Partial<DeflateParameters>
  readonly role?: 'server' | 'client'
  readonly maxMessageSize?: number
}

/** One session, with what counts its memory and its time. */
function open(setup: Setup = {}) {
  const budget = setup.options?.budget ?? new CompressionBudget(1_000_000)
  const settings = readDeflateOptions({ threshold: 0, budget, ...setup.options })
  const clock = new VirtualClock({ settle: () => Promise.resolve() })
  const directions = directionsOf({ ...WIDE, ...setup.agreed })
  const terms = termsOf(settings, chooseEngine(settings.engine), directions, {
    role: setup.role ?? 'server',
    maxMessageSize: setup.maxMessageSize ?? 1_048_576,
    schedule: (delayMs, task) => clock.setTimer(delayMs, task),
  })
  const session = new DeflateSession(terms)
  return { session, budget, clock }
}

/** What goes out for a message in `fragments`: the reserved bits of each, and its bytes. */
async function sent(session: DeflateSession, ...fragments: readonly string[]): Promise<string[]> {
  const frames = fragments.map(
    (text, at) => new MessageFrame('text', at === 0, at === fragments.length - 1, text, 0),
  )
  for (const frame of frames) await transform([session], 'outgoing', frame)
  return frames.map((frame) => `${frame.reservedBits} ${toHex(frame.payload)}`.trim())
}

async function received(session: DeflateSession, bytes: Uint8Array, bits = 4): Promise<string> {
  const message = new MessageFrame('text', true, true, bytes, bits)
  await transform([session], 'incoming', message)
  return `${message.reservedBits} ${new TextDecoder().decode(message.payload)}`
}

for (const engine of ['auto', 'stream'] as const) {
  const options = { engine, threshold: 0 }

  describe(`DeflateSession on engine "${engine}"`, () => {
    it('outgoing() sets RSV1 and leaves the tail out', async () => {
      const { session } = open({ options })

      expect(await sent(session, 'Hello')).toEqual(['4 f2 48 cd c9 c9 07 00'])
      expect(await sent(session, 'Hello')).toEqual(['4 f2 00 11 00 00'])
      session.dispose()
    })

    it('outgoing() forgets between messages without takeover', async () => {
      const { session, budget } = open({ options, agreed: { serverNoContextTakeover: true } })
      const long = 'Hello, Hello, Hello, Hello, Hello'

      expect(await sent(session, long)).toEqual(await sent(session, long))
      expect(budget.contexts).toBe(1) // that for the client's messages
      session.dispose()
    })

    it('outgoing() makes one stream of the fragments of a message, with RSV1 on the first alone', async () => {
      const { session } = open({ options })
      const frames = await sent(session, 'Hel', 'lo', ' world')

      expect(frames.map((frame) => frame[0])).toEqual(['4', '0', '0'])
      const bytes = hex(frames.map((frame) => frame.slice(2)).join(' '))
      const { session: peer } = open({ options, role: 'client' })
      expect(await received(peer, bytes)).toBe('0 Hello world')
      session.dispose()
      peer.dispose()
    })

    for (const fragments of [[''], ['', ''], ['', 'a', '', ''], ['a', ''], ['a', '', 'b']]) {
      it(`outgoing() can send a message of the fragments ${JSON.stringify(fragments)}, many times`, async () => {
        const { session } = open({ options })
        const { session: peer } = open({ options, role: 'client' })
        for (let time = 0; time < 3; time++) {
          const frames = await sent(session, ...fragments)
          const bytes = hex(frames.map((frame) => frame.slice(2)).join(' '))
          expect(await received(peer, bytes)).toBe(`0 ${fragments.join('')}`)
        }
        session.dispose()
        peer.dispose()
      })
    }

    it('outgoing() leaves no context behind after a fragmented message without takeover', async () => {
      const { session, budget } = open({
        options,
        agreed: { serverNoContextTakeover: true, clientNoContextTakeover: true },
      })
      const first = await sent(session, 'Hello, ', 'Hello')
      const second = await sent(session, 'Hello, ', 'Hello')

      expect(first).toEqual(second)
      expect(budget.contexts).toBe(0)
      session.dispose()
    })

    for (const { name, hex: message } of COMPRESSED_HELLO) {
      it(`incoming() reads ${name} and takes RSV1 away`, async () => {
        const { session } = open({ options })

        expect(await received(session, hex(message))).toBe('0 Hello')
        session.dispose()
      })
    }

    for (const role of ['server', 'client'] as const) {
      it(`incoming() of a ${role} remembers unless the peer said that it forgets`, async () => {
        const forgets = role === 'server' ? 'clientNoContextTakeover' : 'serverNoContextTakeover'
        const { session } = open({ options, role })
        const { session: forgetful } = open({ options, role, agreed: { [forgets]: true } })
        for (const one of [session, forgetful]) await received(one, hex('f2 48 cd c9 c9 07 00'))

        expect(await received(session, hex(HELLO_AGAIN))).toBe('0 Hello')
        await expect(received(forgetful, hex(HELLO_AGAIN))).rejects.toMatchObject({
          closeCode: 1007,
        })
        session.dispose()
        forgetful.dispose()
      })
    }

    it('incoming() takes a compressed message of no bytes at all for an empty one', async () => {
      const { session } = open({ options })

      expect(await received(session, new Uint8Array(0))).toBe('0 ')
      expect(await received(session, hex('f2 48 cd c9 c9 07 00'))).toBe('0 Hello')
      session.dispose()
    })

    it('incoming() leaves messages without RSV1 alone, and they do not enter the window', async () => {
      const { session } = open({ options })

      expect(await received(session, hex('48 69'), 0)).toBe('0 Hi')
      expect(await received(session, hex('f2 48 cd c9 c9 07 00'))).toBe('0 Hello')
      expect(await received(session, hex('48 69'), 2)).toBe('2 Hi')
      expect(await received(session, hex(HELLO_AGAIN))).toBe('0 Hello')
      session.dispose()
    })

    it('incoming() stops at maxMessageSize, with takeover in the second message too', async () => {
      const { session: peer } = open({ options, role: 'client' })
      const { session } = open({ options, maxMessageSize: 1000 })
      const [small = ''] = await sent(peer, 'x'.repeat(1000))
      const [large = ''] = await sent(peer, 'x'.repeat(1001))

      await received(session, hex(small.slice(2)))
      await expect(received(session, hex(large.slice(2)))).rejects.toMatchObject({
        closeCode: 1009,
        limit: 1000,
      })
      session.dispose()
      peer.dispose()
    })

    it('incoming() stops at maxRatio times the message, above 1 MiB', async () => {
      const { session: peer } = open({ options, role: 'client' })
      const [bomb = ''] = await sent(peer, '\0'.repeat(4_000_000))
      const { session } = open({ options, maxMessageSize: Infinity })
      const { session: trusting } = open({
        options: { ...options, maxRatio: Infinity },
        maxMessageSize: Infinity,
      })

      await expect(received(session, hex(bomb.slice(2)))).rejects.toMatchObject({
        code: 'TOWPATH_COMPRESSION_RATIO',
        closeCode: 1009,
        maxRatio: 100,
      })
      expect((await received(trusting, hex(bomb.slice(2)))).length).toBe(4_000_002)
      for (const one of [peer, session, trusting]) one.dispose()
    })

    it('incoming() lets 1 MiB pass at any ratio', async () => {
      const { session: peer } = open({ options, role: 'client' })
      const [zeros = ''] = await sent(peer, '\0'.repeat(1_048_576))
      const { session } = open({ options, maxMessageSize: Infinity })

      expect((await received(session, hex(zeros.slice(2)))).length).toBe(1_048_578)
      peer.dispose()
      session.dispose()
    })

    it('incoming() fails a session that inflates 32 MiB beyond maxRatio at once', async () => {
      const { session: peer } = open({ options, role: 'client' })
      const { session } = open({ options })
      const [bomb = ''] = await sent(peer, 'a'.repeat(1_000_000))
      const bytes = hex(bomb.slice(2))
      // Each is 1 MB, of which 100 times what arrived are free.
      const allowed = Math.floor((32 * 1_048_576) / (1_000_000 - 100 * bytes.length))
      const receive = (): Promise<string> => received(session, bytes)
      for (let count = 0; count < allowed; count++) await receive()

      await expect(receive()).rejects.toMatchObject({
        code: 'TOWPATH_COMPRESSION_RATIO',
        closeCode: 1009,
      })
      peer.dispose()
      session.dispose()
    })

    it('dispose() gives everything back', async () => {
      const { session, budget } = open({ options })
      await sent(session, 'Hello')
      await received(session, hex('f2 48 cd c9 c9 07 00'))
      expect(budget.contexts).toBe(2)
      session.dispose()

      expect([budget.contexts, budget.used]).toEqual([0, 0])
    })

    it('a context that sends nothing is given up after idleTimeout, and the next message begins anew', async () => {
      const { session, budget, clock } = open({ options: { ...options, idleTimeout: 1000 } })
      const { session: peer } = open({ options, role: 'client' })
      const first = await sent(session, 'Hello')
      await clock.advance(999)
      const second = await sent(session, 'Hello')
      await clock.advance(1000)
      expect(budget.contexts).toBe(2)
      await clock.advance(1)
      expect(budget.contexts).toBe(1)
      const third = await sent(session, 'Hello')

      expect(third).toEqual(first)
      expect(second).toEqual([`4 ${HELLO_AGAIN}`])
      for (const [frame = ''] of [first, second, third]) {
        expect(await received(peer, hex(frame.slice(2)))).toBe('0 Hello')
      }
      session.dispose()
      peer.dispose()
    })

    it('a context is not given up in the middle of a message', async () => {
      const { session, clock, budget } = open({ options: { ...options, idleTimeout: 1000 } })
      const first = new MessageFrame('text', true, false, 'Hello', 0)
      await transform([session], 'outgoing', first)
      await clock.advance(10_000)

      expect(budget.contexts).toBe(2)
      session.dispose()
    })
  })
}

describe('DeflateSession', () => {
  it('does not compress below the threshold', async () => {
    const { session } = open({ options: { threshold: 6 } })

    expect(await sent(session, 'Hello')).toEqual(['0 48 65 6c 6c 6f'])
    expect(await sent(session, 'Hello!')).toEqual(['4 f2 48 cd c9 c9 57 04 00'])
    session.dispose()
  })

  it('counts the threshold in bytes of UTF-8', async () => {
    const { session } = open({ options: { threshold: 6 } })

    expect((await sent(session, 'ééé'))[0]).toMatch(/^4 /)
    session.dispose()
  })

  it('lets the first fragment decide', async () => {
    const { session } = open({ options: { threshold: 4 } })
    const small = await sent(session, 'abc', 'defghijkl')
    const large = await sent(session, 'abcd', 'e')

    expect(small).toEqual(['0 61 62 63', '0 64 65 66 67 68 69 6a 6b 6c'])
    expect(large.map((frame) => frame[0])).toEqual(['4', '0'])
    session.dispose()
  })

  it('asks compressIf about each message, and not about its other fragments', async () => {
    const asked: string[] = []
    const { session } = open({
      options: {
        threshold: 0,
        compressIf: (message) => {
          asked.push(`${message.type} ${message.byteLength}`)
          return message.byteLength < 4
        },
      },
    })
    const plain = await sent(session, 'abcd', 'e')
    const compressed = await sent(session, 'abc', 'defgh')

    expect(asked).toEqual(['text 4', 'text 3'])
    expect(plain).toEqual(['0 61 62 63 64', '0 65'])
    expect(compressed[0]).toMatch(/^4 /)
    session.dispose()
  })

  it('sends a message as it is if it is remembered by nobody and compressing makes it no shorter', async () => {
    const { session } = open({ agreed: { serverNoContextTakeover: true } })

    expect(await sent(session, 'Hi')).toEqual(['0 48 69'])
    expect((await sent(session, 'H'.repeat(50)))[0]).toMatch(/^4 /)
    session.dispose()
  })

  it('compresses messages one by one when the budget has no room, and counts them', async () => {
    const budget = new CompressionBudget(0)
    const { session } = open({ options: { threshold: 0, budget } })
    const { session: peer } = open({ role: 'client' })
    const text = 'Hello, Hello, Hello, Hello'
    const first = await sent(session, text)
    const second = await sent(session, text)

    expect(first).toEqual(second)
    expect(budget.messagesWithoutContext).toBe(2)
    for (const [frame = ''] of [first, second]) {
      expect(await received(peer, hex(frame.slice(2)))).toBe(`0 ${text}`)
    }
    session.dispose()
    peer.dispose()
  })

  it('sends a fragmented message as it is when the budget has no room', async () => {
    const budget = new CompressionBudget(0)
    const { session } = open({ options: { threshold: 0, budget } })

    expect(await sent(session, 'Hel', 'lo')).toEqual(['0 48 65 6c', '0 6c 6f'])
    session.dispose()
  })

  it('goes back to its context when the budget has room again', async () => {
    const budget = new CompressionBudget(1_000_000)
    budget.take(1_000_000)
    const { session } = open({ options: { threshold: 0, budget } })
    const text = 'Hello, Hello, Hello, Hello'
    await sent(session, text)
    budget.giveBack(1_000_000)
    const [first = ''] = await sent(session, text)
    const [second = ''] = await sent(session, text)

    expect(second.length).toBeLessThan(first.length)
    session.dispose()
  })
})

describe('DeflateSession with prepared messages', () => {
  const PREPARED = Frame.prepare('news: Hello, Hello, Hello, Hello')
  const MESSAGES = [
    'Hello, lock 9',
    PREPARED,
    'Hello, lock 9 again',
    'news: Hello',
    PREPARED,
    'news: Hello',
  ]

  async function send(
    session: DeflateSession,
    data: string | PreparedFrame,
  ): Promise<MessageFrame> {
    const prepared = typeof data === 'string' ? null : data
    const content = typeof data === 'string' ? data : preparedPayload(data)
    const frame = new MessageFrame('text', true, true, content, 0, prepared)
    await transform([session], 'outgoing', frame)
    return frame
  }

  const textOf = (data: string | PreparedFrame): string =>
    typeof data === 'string' ? data : new TextDecoder().decode(preparedPayload(data))

  it.each([
    ['auto', false],
    ['auto', true],
    ['stream', false],
    ['stream', true],
  ] as const)(
    'a peer on engine "%s" reads them between others, serverNoContextTakeover %s',
    async (engine, serverNoContextTakeover) => {
      const options = { engine, threshold: 0 }
      const agreed = { serverNoContextTakeover }
      const { session } = open({ options, agreed })
      const peer = open({ options, agreed, role: 'client' }).session

      for (const data of MESSAGES) {
        const { payload, reservedBits } = await send(session, data)
        expect(await received(peer, payload, reservedBits)).toBe(`0 ${textOf(data)}`)
      }
      session.dispose()
      peer.dispose()
    },
  )

  it("zlib's own inflater reads all messages of a kept context as one stream", async () => {
    const { session } = open({ options: { engine: 'auto', threshold: 0 } })
    const stream: Uint8Array[] = []
    for (const data of MESSAGES) {
      const { payload } = await send(session, data)
      stream.push(new Uint8Array(payload), hex('00 00 ff ff'))
    }

    const text = inflateRawSync(Buffer.concat(stream), { finishFlush: constants.Z_SYNC_FLUSH })

    expect(text.toString()).toBe(MESSAGES.map(textOf).join(''))
    session.dispose()
  })

  it('several sessions send the very same compressed bytes, and need no context of their own', async () => {
    const options = { engine: 'auto', threshold: 0 } as const
    const one = open({ options })
    const other = open({ options })

    const first = await send(one.session, PREPARED)
    const second = await send(other.session, PREPARED)

    expect(second.payload).toBe(first.payload)
    expect(one.budget.contexts).toBe(1) // that for the client's messages
    one.session.dispose()
    other.session.dispose()
  })

  it('compressIf and threshold hold for them, too', async () => {
    const short = open({ options: { engine: 'auto', threshold: 1000 } })
    const refused = open({ options: { engine: 'auto', threshold: 0, compressIf: () => false } })

    for (const { session } of [short, refused]) {
      expect((await send(session, PREPARED)).reservedBits).toBe(0)
      session.dispose()
    }
  })
})
