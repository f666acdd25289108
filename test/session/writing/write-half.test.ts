import { describe, expect, it, vi } from 'vitest'
import { loopShareOf } from '../../../src/base/internal.ts'
import { ClosedSendChannelError } from '../../../src/channels/index.ts'
import {
  CloseReason,
  Frame,
  LocalProtocolError,
  type PreparedFrame,
} from '../../../src/protocol/index.ts'
import { DefaultSession } from '../../support/bare-session.ts'
import { toHex } from '../../support/bytes.ts'
import { custom } from '../../support/extensions.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { clientFrame } from '../../support/peer.ts'
import { SETTINGS } from '../../support/session.ts'

function open(settings: Partial<typeof SETTINGS> = {}, environment = memoryEnvironment()) {
  const gate = new Gate()
  const dropped: number[] = []
  const session = new DefaultSession(gate, { ...SETTINGS, ...settings }, environment, {
    handlerFailed: () => {},
    limitReached: () => {},
    buffered: () => {},
    frameDropped: (_, bytes) => void dropped.push(bytes),
    closed: () => {},
  })
  session.start()
  return { gate, session, environment, dropped }
}

function outgoing(
  capacity: number,
  onOverflow: 'suspend' | 'close' | 'drop-oldest' | 'drop-latest',
) {
  return { outgoing: { capacity, maxBytes: Infinity, onOverflow } }
}

/** The answer to the heartbeat with the number 3. */
const ANSWER_3 = '81 0f 00 74 6f 77 70 61 74 68 3a 70 6f 6e 67 3a 33'

describe('WriteHalf', () => {
  it('frames of one turn leave in one write, in the order of the calls', async () => {
    const { gate, session } = open()

    void session.send('a')
    void session.send(Uint8Array.of(1))
    void session.send(new Frame.Text('b'))
    await settled()

    expect(gate.writes).toEqual(['81 01 61 82 01 01 81 01 62'])
  })

  it('two sessions that send in turn keep their own bytes in order', async () => {
    const environment = memoryEnvironment()
    const one = open({}, environment)
    const other = open({}, environment)

    for (const letter of 'abc') {
      void one.session.send(letter)
      void other.session.send(letter.toUpperCase())
    }
    await settled()

    expect(one.gate.writes).toEqual(['81 01 61 81 01 62 81 01 63'])
    expect(other.gate.writes).toEqual(['81 01 41 81 01 42 81 01 43'])
  })

  it.each([
    ['a string', () => 'a'],
    ['a text frame', () => new Frame.Text('a')],
    ['a text frame of bytes', () => new Frame.Text(Uint8Array.of(97))],
    ['a fragment', () => new Frame.Text('a', { fin: false })],
    ['bytes', () => Uint8Array.of(97)],
    ['a binary frame', () => new Frame.Binary(Uint8Array.of(97))],
    ['a ping', () => new Frame.Ping(Uint8Array.of(97))],
  ])('%s sent to several sessions arrives at each as it does at one', async (_, make) => {
    const environment = memoryEnvironment()
    const alone = open()
    const all = [1, 2, 3].map(() => open({}, environment))
    const data = make()
    void alone.session.send(data)
    // A string with the same payload, before what may be of another type.
    for (const { session } of all) void session.outgoing.trySend('a')
    for (const { session } of all) void session.send(data)

    await settled()

    const [expected] = alone.gate.writes
    for (const { gate } of all) expect(gate.writes).toEqual([`81 01 61 ${expected}`])
  })

  it.each([
    ['text', (letter: string) => letter.repeat(5000)],
    ['prepared frames', (letter: string) => Frame.prepare(letter.repeat(5000))],
  ])('a broadcast of several long messages is one write for each session: %s', async (_, make) => {
    const environment = memoryEnvironment()
    const all = [1, 2, 3].map(() => open({}, environment))
    const messages = ['a', 'b', 'c'].map((letter): string | PreparedFrame => make(letter))

    for (const message of messages) {
      for (const { session } of all) void session.outgoing.trySend(message)
    }
    await settled()

    const expected = ['61', '62', '63'].map((byte) => `81 7e 13 88${` ${byte}`.repeat(5000)}`)
    for (const { gate } of all) expect(gate.writes.length).toBe(1)
    for (const { gate } of all) expect(gate.writes[0] === expected.join(' ')).toBe(true)
  })

  it('a client never shares the bytes of a broadcast, because each frame has its own mask', async () => {
    const environment = memoryEnvironment()
    const all = [1, 2].map(() => open({ masking: true }, environment))

    for (const letter of 'ab') {
      for (const { session } of all) void session.send(letter.repeat(5000))
    }
    await settled()

    expect(all[0]?.gate.writes.join('')).not.toBe(all[1]?.gate.writes.join(''))
  })

  it.each([
    ['ASCII', 'a', 65_536],
    ['other', 'é', 131_072],
  ])('the UTF-8 of long text is counted once for each frame: %s text', async (_, unit, size) => {
    const { gate, session } = open()
    const counted = vi.spyOn(Buffer, 'byteLength')

    try {
      for (let sent = 1; sent <= 2; sent++) {
        await session.send(unit.repeat(65_536))
        await settled()
        expect(counted).toHaveBeenCalledTimes(sent)
      }
    } finally {
      counted.mockRestore()
    }

    const payload = Buffer.from(unit.repeat(65_536))
    expect(payload.length).toBe(size)
    for (const bytes of gate.writes) expect(bytes.endsWith(toHex(payload))).toBe(true)
    expect(gate.writes.length).toBe(2)
  })

  it('bytes that are changed between two sends are sent as they were at each', async () => {
    const environment = memoryEnvironment()
    const [first, second, third] = [1, 2, 3].map(() => open({}, environment))
    const frames = [new Frame.Binary(Uint8Array.of(97)), new Frame.Text(Uint8Array.of(97))]

    for (const frame of frames) {
      await first?.session.send(frame)
      await second?.session.send(frame)
      frame.buffer[0] = 98
      await third?.session.send(frame)
    }
    await settled()

    expect(second?.gate.writes).toEqual(['82 01 61 81 01 61'])
    expect(third?.gate.writes).toEqual(['82 01 62 81 01 62'])
  })

  it('S-28 send() waits while the queue is full, and goes on in order', async () => {
    const { gate, session } = open(outgoing(2, 'suspend'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')
    await session.send('2')
    let third = false
    const waiting = session.send('3').then(() => {
      third = true
    })
    await settled()
    expect(third).toBe(false)

    gate.shut = false
    gate.drain()
    await waiting

    await settled()
    expect(gate.writes.join(' ')).toBe('81 01 30 81 01 31 81 01 32 81 01 33')
  })

  it('bytes may be changed once send() has settled, also while they wait in the queue', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('x')
    await settled()
    const bytes = Buffer.of(1, 2, 3)
    await session.send(bytes)
    bytes.fill(9)
    const sent = Uint8Array.of(7)
    gate.shut = false
    gate.drain()
    await session.send(sent)
    sent.fill(9)
    await settled()

    expect(gate.writes.slice(1).join(' ')).toBe('82 03 01 02 03 82 01 07')
  })

  it('a pong passes queued data and waits behind the write under way', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('x')
    await settled()
    await session.send('queued')

    gate.receive(Uint8Array.of(0x89, 0x81, 0, 0, 0, 0, 0x70))
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes[1]).toBe('8a 01 70 81 06 71 75 65 75 65 64')
  })

  it('a pong that waits keeps none of the memory that its ping shared', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('x')
    await settled()
    const copied = vi.spyOn(Uint8Array.prototype, 'slice')

    gate.receive(clientFrame('ping', 'abc'))
    expect(copied.mock.results.map(({ value }) => String(value))).toEqual(['97,98,99'])
    copied.mockRestore()
  })

  it('while the transport is busy only the newest ping is answered', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('x')
    await settled()

    for (const payload of [1, 2, 3]) gate.receive(Uint8Array.of(0x89, 0x81, 0, 0, 0, 0, payload))
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes.slice(1)).toEqual(['8a 01 03'])
  })

  it('the answer to a heartbeat passes queued data, and only the newest is sent', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('x')
    await settled()
    await session.send('queued')

    for (const count of [1, 2, 3]) gate.receive(clientFrame('text', `\0towpath:ping:${count}`))
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes[1]).toBe(`${ANSWER_3} 81 06 71 75 65 75 65 64`)
  })

  it('the answer to a heartbeat waits for the end of a message that is sent in fragments', async () => {
    const { gate, session } = open()
    await session.send(new Frame.Text('a', { fin: false }))
    gate.receive(clientFrame('text', '\0towpath:ping:3'))
    await settled()
    await session.send(new Frame.Ping())
    await session.send(new Frame.Text('b', { fin: false }))
    await settled()
    expect(gate.writes.join(' ')).toBe('01 01 61 89 00 00 01 62')

    await session.send(new Frame.Text('c'))
    await settled()

    expect(gate.writes.slice(-1)).toEqual([`80 01 63 ${ANSWER_3}`])
  })

  it('the answer to a heartbeat waits for the end of a message whose fragments wait in the queue', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('x')
    await settled()
    await session.send(new Frame.Text('a', { fin: false }))
    gate.shut = false
    gate.drain()
    await settled()
    gate.shut = true
    await session.send(new Frame.Text('b', { fin: false }))
    await settled()
    await session.send(new Frame.Text('c'))
    gate.receive(clientFrame('text', '\0towpath:ping:3'))
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes.at(-1)).toBe(`80 01 63 ${ANSWER_3}`)
  })

  it('the answer to a heartbeat waits for the end of a message whose fragments wait for the event loop', async () => {
    const { gate, session, environment } = open()
    gate.shut = true
    await session.send(new Frame.Text('a', { fin: false }))
    await settled()
    await session.send(new Frame.Text('b'))
    const share = loopShareOf(environment)
    while (!share.isUsedUp) share.spend(1024 * 1024)
    gate.shut = false
    gate.drain()
    gate.receive(clientFrame('text', '\0towpath:ping:3'))
    await settled()

    expect(gate.writes.join(' ')).toBe(`01 01 61 80 01 62 ${ANSWER_3}`)
  })

  it('the answer to a heartbeat waits for the end of a message that an extension still works on', async () => {
    const turns: Array<() => void> = []
    const outgoing = (): Promise<void> => new Promise((resolve) => turns.push(resolve))
    const { gate, session } = open({ extensions: [custom(0, { outgoing })] })
    await session.send(new Frame.Text('a', { fin: false }))
    turns.shift()?.()
    await settled()
    await session.send(new Frame.Text('b'))
    gate.receive(clientFrame('text', '\0towpath:ping:3'))
    await settled()
    expect(gate.writes.join(' ')).toBe('01 01 61')

    turns.shift()?.()
    await settled()

    expect(gate.writes.slice(1).join(' ')).toBe(`80 01 62 ${ANSWER_3}`)
  })

  it('no answer to a heartbeat follows the Close frame', async () => {
    const { gate, session } = open()
    await session.send(new Frame.Text('a', { fin: false }))
    gate.receive(clientFrame('text', '\0towpath:ping:3'))
    void session.close()
    await settled()

    expect(gate.writes.join(' ')).toBe('01 01 61 88 02 03 e8')
  })

  it('S-18 what was sent before close() goes out before the Close frame, queued or not', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('a')
    await settled()
    await session.send('b')
    void session.close(new CloseReason(1000))
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes.join(' ')).toBe('81 01 61 81 01 62 88 02 03 e8')
  })

  it('S-18 what waits for room when the session closes goes out before the Close frame', async () => {
    const { gate, session } = open(outgoing(1, 'suspend'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')
    const waiting = session.send('2')
    void session.close()
    await expect(session.send('3')).rejects.toMatchObject({ value: '3' })

    gate.shut = false
    gate.drain()
    await waiting
    await settled()

    expect(gate.writes.slice(1).join(' ')).toBe('81 01 31 81 01 32 88 02 03 e8')
  })

  it('senders that wait when the connection fails are rejected with their value', async () => {
    const { gate, session } = open(outgoing(1, 'suspend'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')
    const waiting = session.send('2')

    gate.receive(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)) // an opcode that there is not
    await settled()

    await expect(waiting).rejects.toBeInstanceOf(ClosedSendChannelError)
    await expect(waiting).rejects.toMatchObject({ value: '2' })
  })

  it('bufferedAmount counts what waits for room', async () => {
    const { gate, session } = open(outgoing(1, 'suspend'))
    gate.shut = true
    await session.send('0')
    await settled()
    for (const text of ['1', '22', '333']) void session.send(text)

    expect(session.bufferedAmount).toBe(3 + 6)
    expect(session.heldBytes).toBe(3 + 6 + 2 * 512)
    gate.shut = false
    gate.drain()
    await settled()
    expect(session.bufferedAmount).toBe(0)
  })

  it('an aborted wait sends nothing', async () => {
    const { gate, session } = open(outgoing(1, 'suspend'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')
    const controller = new AbortController()
    const waiting = session.send('2', { signal: controller.signal })
    controller.abort(new Error('changed my mind'))
    await expect(waiting).rejects.toThrow('changed my mind')

    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes.join(' ')).toBe('81 01 30 81 01 31')
  })

  it('trySend() answers sent, full or closed, and never waits', async () => {
    const { gate, session } = open(outgoing(1, 'suspend'))
    gate.shut = true
    expect(session.outgoing.trySend('0')).toBe('sent')
    await settled()
    expect(session.outgoing.trySend('1')).toBe('sent')
    expect(session.outgoing.trySend('2')).toBe('full')
    void session.close()
    expect(session.outgoing.trySend('3')).toBe('closed')
  })

  it('S-36 flush() resolves when everything before it has been handed over, by its place in the queue', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('a')
    await settled()
    await session.send('b')
    let flushed = false
    const flush = session.flush().then(() => {
      flushed = true
    })
    await settled()
    expect(flushed).toBe(false)

    gate.drain()
    await settled()
    expect(flushed).toBe(false)
    gate.shut = false
    gate.drain()

    await flush
    expect(gate.writes).toEqual(['81 01 61', '81 01 62'])
  })

  it('S-36 flush() keeps its place when newer frames push it out of the queue', async () => {
    const { gate, session } = open(outgoing(2, 'drop-oldest'))
    gate.shut = true
    await session.send('0')
    await settled()
    let flushed = false
    const flush = session.flush().then(() => {
      flushed = true
    })
    for (const text of ['1', '2', '3']) await session.send(text)
    await settled()
    expect(flushed).toBe(false)

    gate.drain()

    await flush
  })

  it('S-36 flush() that waits for room goes on waiting when the session closes', async () => {
    const { gate, session } = open(outgoing(1, 'suspend'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')
    let flushed = false
    const flush = session.flush().then(() => {
      flushed = true
    })
    void session.close()
    await settled()
    expect(flushed).toBe(false)

    gate.shut = false
    gate.drain()

    await flush
    expect(gate.writes.join(' ')).toBe('81 01 30 81 01 31 88 02 03 e8')
  })

  it('S-36 flush() returns at once on a dead connection, and while it waits when that dies', async () => {
    const { gate, session } = open()
    gate.shut = true
    await session.send('a')
    await settled()
    const waiting = session.flush()
    session.terminate()

    await waiting
    await session.flush()
  })

  it('S-36 flush() may be called after close', async () => {
    const { gate, session } = open()
    void session.close()
    await session.flush()

    expect(gate.writes).toEqual(['88 02 03 e8'])
  })

  it('drop-oldest drops what waited longest, and says so', async () => {
    const { gate, session, dropped } = open(outgoing(2, 'drop-oldest'))
    gate.shut = true
    await session.send('0')
    await settled()
    for (const text of ['1', '2', '33', '4']) await session.send(text)
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes.slice(1).join(' ')).toBe('81 02 33 33 81 01 34')
    expect(dropped).toEqual([1, 1])
  })

  it('drop-latest drops what came last', async () => {
    const { gate, session, dropped } = open(outgoing(1, 'drop-latest'))
    gate.shut = true
    await session.send('0')
    await settled()
    for (const text of ['1', '22']) await session.send(text)
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes.slice(1).join(' ')).toBe('81 01 31')
    expect(dropped).toEqual([2])
  })

  it('a fragment is refused where frames may be dropped', async () => {
    const { gate, session } = open(outgoing(1, 'drop-oldest'))
    gate.shut = true
    await session.send('0')
    await settled()

    await expect(session.send(new Frame.Text('a', { fin: false }))).rejects.toBeInstanceOf(
      LocalProtocolError,
    )
  })

  it('policy close ends the session with 1008 when the queue is full', async () => {
    const { gate, session } = open(outgoing(1, 'close'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')

    await expect(session.send('2')).rejects.toMatchObject({ code: 'TOWPATH_CHANNEL_OVERFLOW' })
    gate.shut = false
    gate.drain()
    await settled()

    expect(await session.closeReason).toEqual(new CloseReason(1008))
    expect(gate.writes.at(-1)).toBe('81 01 31 88 02 03 f0')
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_CHANNEL_OVERFLOW',
    })
  })

  it('policy close rejects data that may not be sent while others wait, and does not throw', async () => {
    const { gate, session } = open(outgoing(4, 'close'))
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('1')
    const frame = new Frame.Text('2')
    frame[Symbol.dispose]()

    const sent = session.send(frame)
    await expect(sent).rejects.toThrow('Cannot use the frame: it is disposed')
    expect(session.outgoing.isClosedForSend).toBe(false)
  })

  it('policy close ends the session with 1008 when a frame does not fit into maxBytes', async () => {
    const bounds = { capacity: 64, maxBytes: 4, onOverflow: 'close' } as const
    const { gate, session } = open({ outgoing: bounds })
    gate.shut = true
    await session.send('0')
    await settled()
    await session.send('123')

    expect(session.outgoing.trySend('45')).toBe('closed')
    expect(await session.closeReason).toMatchObject({ code: 1008 })
    gate.shut = false
    gate.drain()
    await settled()
    expect(gate.writes.slice(1, 2).join(' ')).toMatch(/^81 03 31 32 33 88 /)
  })

  it('frames of every size are written whole', async () => {
    const { gate, session } = open()
    const sizes = [0, 125, 126, 127, 65_535, 65_536, 130_000, 131_072, 1_000_000]
    for (const size of sizes) await session.send(new Uint8Array(size).fill(size))
    await settled()

    const bytes = gate.writes.join(' ').split(' ').length
    const headers = [2, 2, 4, 4, 4, 10, 10, 10, 10].reduce((sum, size) => sum + size, 0)
    expect(bytes).toBe(headers + sizes.reduce((sum, size) => sum + size, 0))
  })

  it('a string larger than the slab is written whole', async () => {
    const { gate, session } = open()
    await session.send('é'.repeat(100_000))
    await settled()

    expect(gate.writes[0]?.slice(0, 29)).toBe('81 7f 00 00 00 00 00 03 0d 40')
    expect(gate.writes.join(' ').split(' ').length).toBe(200_010)
  })

  it('bufferedAmount is what was accepted and not handed over', async () => {
    const { gate, session } = open()
    expect(session.bufferedAmount).toBe(0)
    void session.send('abc')
    expect(session.bufferedAmount).toBe(5)
    gate.shut = true
    await settled()
    void session.send('defg')

    expect(session.bufferedAmount).toBe(9)
  })

  it('S-27 close() resolves when the transport has handed over the Close frame, not before', async () => {
    const { gate, session } = open()
    gate.shut = true
    const resolved: string[] = []
    void session.close().then(() => resolved.push('first'))
    await settled()
    void session.close().then(() => resolved.push('second'))
    void session.flush().then(() => resolved.push('flush'))
    await settled()
    expect(gate.writes).toEqual(['88 02 03 e8'])
    expect(resolved).toEqual([])

    gate.drain()
    await settled()

    expect(resolved.sort()).toEqual(['first', 'flush', 'second'])
  })

  it('S-27 close() never rejects, is idempotent and need not be awaited', async () => {
    const { gate, session } = open()

    await session.close(new CloseReason(4000, 'first'))
    await session.close(new CloseReason(4001, 'second'))

    expect(gate.writes).toEqual(['88 07 0f a0 66 69 72 73 74'])
  })

  it('close() refuses a code that may not travel, at the call', () => {
    const { session } = open()

    expect(() => session.close(new CloseReason(1005))).toThrow(RangeError)
    expect(() => session.close(new CloseReason(1006))).toThrow(RangeError)
  })

  it('send(new Frame.Close(r)) is close(r)', async () => {
    const { gate, session } = open()

    await session.send(new Frame.Close(new CloseReason(4000)))

    expect(gate.writes).toEqual(['88 02 0f a0'])
    expect(await session.closeReason).toEqual(new CloseReason(4000))
  })

  it('send() refuses a value that is no frame, string or bytes', async () => {
    const { session } = open()

    // @ts-expect-error a number is not sendable
    await expect(session.send(5)).rejects.toBeInstanceOf(TypeError)
  })

  describe('a prepared frame', () => {
    const NEWS = Frame.prepare('news')
    const BYTES = Frame.prepare(Uint8Array.of(1, 2))

    it('is sent as the frame that it was made of, in order, as often as wanted', async () => {
      const environment = memoryEnvironment()
      const all = [1, 2, 3].map(() => open({}, environment))

      for (const { session } of all) {
        await session.send(NEWS)
        await session.send('a')
        session.outgoing.trySend(BYTES)
        await session.outgoing.send(NEWS)
      }
      await settled()

      const expected = '81 04 6e 65 77 73 81 01 61 82 02 01 02 81 04 6e 65 77 73'
      for (const { gate } of all) expect(gate.writes).toEqual([expected])
    })

    it('is masked by sessions that mask', async () => {
      const { gate, session } = open({ masking: true })

      await session.send(BYTES)
      await settled()

      expect(gate.writes).toEqual(['82 82 01 02 03 04 00 00'])
    })

    it('waits in the queue without a copy, and counts there with its size', async () => {
      const { gate, session } = open()
      gate.shut = true
      await session.send('0')
      await settled()

      for (const frame of [NEWS, BYTES]) await session.send(frame)
      expect(session.bufferedAmount).toBe(3 + 6)
      gate.shut = false
      gate.drain()
      await settled()

      expect(gate.writes.slice(1)).toEqual(['81 04 6e 65 77 73 82 02 01 02'])
    })

    it('larger than the slab is written as it is, behind what was sent before', async () => {
      const { gate, session } = open()

      await session.send('a')
      await session.send(Frame.prepare(new Uint8Array(200_000)))
      await settled()

      expect(gate.writes[0]).toBe('81 01 61')
      expect(gate.writes[1]?.slice(0, 29)).toBe('82 7f 00 00 00 00 00 03 0d 40')
    })

    it('is refused in the middle of a fragmented message', async () => {
      const { session } = open()
      await session.send(new Frame.Text('a', { fin: false }))

      await expect(session.send(NEWS)).rejects.toBeInstanceOf(LocalProtocolError)
    })
  })

  describe('whenWritable()', () => {
    it('resolves at once while nothing waits', async () => {
      const { session } = open()
      await session.outgoing.whenWritable()
    })

    it('resolves when the queue is empty again, and trySend() takes a frame of any size then', async () => {
      const bounds = { capacity: 2, maxBytes: 8, onOverflow: 'suspend' } as const
      const { gate, session } = open({ outgoing: bounds })
      gate.shut = true
      await session.send('0')
      await settled()
      await session.send('12345678')
      const large = 'x'.repeat(9)
      expect(session.outgoing.trySend(large)).toBe('full')
      let isWritable = false
      const writable = session.outgoing.whenWritable().then(() => (isWritable = true))
      await settled()
      expect(isWritable).toBe(false)

      gate.shut = false
      gate.drain()
      await writable

      expect(session.outgoing.trySend(large)).toBe('sent')
    })

    it('waits for the turn of the event loop that a frame in the queue waits for', async () => {
      const { gate, session, environment } = open()
      gate.shut = true
      await session.send('0')
      await settled()
      await session.send('queued')
      const order: string[] = []
      const writable = session.outgoing.whenWritable().then(() => order.push('writable'))
      const share = loopShareOf(environment)
      while (!share.isUsedUp) share.spend(1024 * 1024)
      void share.turned().then(() => order.push('turned'))

      gate.shut = false
      gate.drain()
      await writable

      expect(order).toEqual(['turned', 'writable'])
    })

    it('rejects when the session closes or its signal fires, and need not be awaited', async () => {
      const { gate, session } = open()
      gate.shut = true
      await session.send('0')
      await settled()
      await session.send('1')
      const controller = new AbortController()
      void session.outgoing.whenWritable()
      const closing = session.outgoing.whenWritable()
      const aborted = session.outgoing.whenWritable({ signal: controller.signal })
      controller.abort(new Error('enough'))
      await expect(aborted).rejects.toThrow('enough')

      void session.close()

      await expect(closing).rejects.toBeInstanceOf(ClosedSendChannelError)
      await expect(session.outgoing.whenWritable()).rejects.toBeInstanceOf(ClosedSendChannelError)
    })
  })
})
