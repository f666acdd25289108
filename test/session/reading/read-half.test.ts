import { describe, expect, it } from 'vitest'

import { CloseReason, Frame, LocalProtocolError } from '../../../src/protocol/index.ts'
import { emptyPool, payloadOf, pooledBytes } from '../../../src/protocol/internal.ts'
import { textPayloadOf } from '../../../src/protocol/portable.ts'
import type { ChannelBounds } from '../../../src/session/index.ts'
import { MemoryBudgetError } from '../../../src/session/index.ts'
import { DefaultSession } from '../../support/bare-session.ts'
import { toHex } from '../../support/bytes.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { clientFrame } from '../../support/peer.ts'
import { defaultSession, SETTINGS } from '../../support/session.ts'

/** Each character as the byte of its number. */
const encode = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

/**
 * A session over a transport that a test holds in its hands, with what it says about its frames.
 */
function open(bounds: Partial<ChannelBounds> = {}, readAhead = 1000) {
  const heard: string[] = []
  const gate = new Gate()
  const incoming = { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend' as const, ...bounds }
  const session = new DefaultSession(
    gate,
    { ...SETTINGS, incoming, readAhead },
    memoryEnvironment(),
    {
      handlerFailed: () => {},
      limitReached: (limit) => void heard.push(`limit ${limit}`),
      buffered: (bytes) => void heard.push(`buffered ${bytes}`),
      frameDropped: (direction, bytes) => void heard.push(`${direction} dropped ${bytes}`),
      closed: () => {},
    },
  )
  session.start()
  const deliver = (text: string): void => gate.receive(clientFrame('text', text))
  return { session, gate, deliver, heard }
}

/** What can be received at once. */
function textsOf({ incoming }: DefaultSession): string[] {
  const texts: string[] = []
  for (;;) {
    const result = incoming.tryReceive()
    if (result.type !== 'value') return texts
    texts.push(result.value instanceof Frame.Text ? result.value.readText() : 'other')
  }
}

describe('ReadHalf', () => {
  it('reports the memory of a partial frame once, by how much it has grown', () => {
    const { gate, session, heard } = open()
    const frame = clientFrame('binary', new Uint8Array(100_000))

    for (let at = 0; at < frame.length - 1000; at += 1000)
      gate.receive(frame.subarray(at, at + 1000))

    const told = heard.reduce((sum, line) => sum + Number(line.replace('buffered ', '')), 0)
    // What has arrived, and the memory that it lies in.
    expect(told).toBeLessThanOrEqual(100_000 + session.heldBytes)
    expect(told).toBeGreaterThanOrEqual(session.heldBytes)
  })

  it('gathers the fragments of text and of binary into whole messages', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('text', 'a', { fin: false }))
    peer.send(clientFrame('continuation', '', { fin: false }))
    peer.send(clientFrame('continuation', 'b'))
    peer.send(clientFrame('binary', Uint8Array.of(1), { fin: false }))
    peer.send(clientFrame('continuation', Uint8Array.of(2)))

    const text = await session.incoming.receive()
    const binary = await session.incoming.receive()

    expect(text instanceof Frame.Text && text.readText()).toBe('ab')
    expect(text.fin).toBe(true)
    expect(binary).toBeInstanceOf(Frame.Binary)
    expect(binary.buffer).toEqual(Uint8Array.of(1, 2))
  })

  it('reads long ASCII text and other text alike, by string and by bytes', async () => {
    for (const text of ['a'.repeat(5000), `é${'a'.repeat(70_000)}`]) {
      const { session, peer } = defaultSession()
      peer.send(clientFrame('text', new TextEncoder().encode(text)))
      const frame = await session.incoming.receive()

      expect(frame instanceof Frame.Text && frame.readText()).toBe(text)
      expect(frame.buffer).toEqual(new TextEncoder().encode(text))
    }
  })

  it('long text that waits is moved out of the heap of JavaScript', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('text', 'a'.repeat(5000)))
    await settled()
    const frame = await session.incoming.receive()

    expect(frame instanceof Frame.Text && textPayloadOf(frame)).toBeInstanceOf(Uint8Array)
    expect(frame instanceof Frame.Text && frame.readText()).toBe('a'.repeat(5000))
  })

  it('`for await (using frame of incoming)` gives the memory of each frame to the next', async () => {
    emptyPool()
    const { session, peer } = defaultSession()
    const seen: number[] = []
    const memory = new Set<unknown>()
    const send = (value: number): void =>
      peer.send(clientFrame('binary', new Uint8Array(50_000).fill(value)))
    send(0)
    for await (using frame of session.incoming) {
      const payload = payloadOf(frame)
      if (typeof payload === 'string') continue
      seen.push(payload[49_999] ?? -1)
      memory.add(payload.buffer)
      await session.outgoing.send(frame)
      if (seen.length === 4) peer.close(1000)
      else queueMicrotask(() => send(seen.length))
    }

    expect(seen).toEqual([0, 1, 2, 3])
    expect(memory.size).toBe(1)
    expect(pooledBytes()).toBe(50_000)
  })

  it('bytes that a handler has kept stay as they are after the disposal of their frame', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('binary', new Uint8Array(50_000).fill(1)))
    let kept: Uint8Array
    {
      using frame = await session.incoming.receive()
      kept = frame.buffer
    }
    for (let count = 0; count < 3; count++) {
      peer.send(clientFrame('binary', new Uint8Array(50_000).fill(2)))
      using frame = await session.incoming.receive()
      expect(frame.fin).toBe(true)
    }

    expect(kept).toEqual(new Uint8Array(50_000).fill(1))
  })

  it('a frame may be disposed once its send has settled, even if its bytes still wait', async () => {
    const { session, peer } = defaultSession()
    peer.pause()
    for (let count = 0; count < 10; count++) {
      peer.send(clientFrame('binary', new Uint8Array(50_000).fill(count)))
      const frame = await session.incoming.receive()
      await session.outgoing.send(frame)
      frame[Symbol.dispose]()
    }
    expect(session.bufferedAmount).toBeGreaterThan(100_000)

    peer.resume()
    const sent = await peer.inbox.take(10 * 50_004)

    expect(Array.from({ length: 10 }, (_, index) => sent[index * 50_004 + 50_003])).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ])
  })

  it('a frame cannot be sent after its disposal', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('binary', new Uint8Array(50_000)))
    peer.send(clientFrame('text', 'a'.repeat(5000)))
    peer.send(clientFrame('text', 'é'))
    for (let count = 0; count < 3; count++) {
      const frame = await session.incoming.receive()
      frame[Symbol.dispose]()

      await expect(session.outgoing.send(frame)).rejects.toThrow(LocalProtocolError)
      expect(() => session.outgoing.trySend(frame)).toThrow(LocalProtocolError)
    }
  })

  it('a message of empty fragments is an empty message', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('text', '', { fin: false }))
    peer.send(clientFrame('continuation', ''))

    const frame = await session.incoming.receive()

    expect(frame instanceof Frame.Text && frame.readText()).toBe('')
  })

  it('a message that has arrived in part counts as held, and is let go at the end', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('binary', new Uint8Array(1000), { fin: false }))
    await settled()
    // Memory for the fragment and half as much again: it was copied out of the piece that it
    // shared.
    expect(session.heldBytes).toBe(1564)

    session.terminate()
    await session.closed

    expect(session.heldBytes).toBe(0)
  })

  it('answers pings with their payload, and shows neither pings nor pongs', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('pong', 'x'))
    peer.send(clientFrame('ping', 'hi'))

    expect(await peer.read(4)).toBe('8a 02 68 69')
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('answers a Close frame with its code alone, and shows none', async () => {
    const { session, peer } = defaultSession()
    peer.close(4000, 'bye')

    expect(await peer.rest()).toBe('88 02 0f a0')
    expect(await session.incoming.toArray()).toEqual([])
    expect(await session.closeReason).toEqual(new CloseReason(4000, 'bye'))
  })

  it('answers a Close frame without a code in the same way', async () => {
    const { peer, session } = defaultSession()
    peer.send(clientFrame('close', ''))

    expect(await peer.rest()).toBe('88 00')
    expect(await session.closeReason).toEqual(new CloseReason(1005))
  })

  it('what the handler says to the frames before a Close frame goes out before the answer', async () => {
    const { session, peer } = defaultSession()
    const running = session.run(async () => {
      for await (const frame of session.incoming) await session.send(frame)
    })
    peer.send(Uint8Array.of(...clientFrame('text', 'a'), ...clientFrame('close', '')))

    expect(await peer.rest()).toBe('81 01 61 88 00')
    peer.end()
    await running
  })

  it('a violation is told in the same way, behind what the handler still says', async () => {
    const { session, peer } = defaultSession()
    const running = session.run(async () => {
      for await (const frame of session.incoming) await session.send(frame)
    })
    peer.send(Uint8Array.of(...clientFrame('text', 'a'), 0x83, 0x80, 0, 0, 0, 0))

    expect(await peer.rest()).toBe('81 01 61 88 02 03 ea')
    peer.end()
    await running
    expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_PROTOCOL_VIOLATION' })
  })

  it('too many pings end the session with 1008, and the last is not answered', async () => {
    const { peer } = defaultSession({ maxControlFramesPerSecond: 1 })
    peer.send(clientFrame('ping', '1'))
    peer.send(clientFrame('ping', '2'))

    expect(await peer.rest()).toBe('8a 01 31 88 02 03 f0')
  })

  it('answers the question of a heartbeat that arrives byte by byte', async () => {
    const { session, peer } = defaultSession()
    for (const byte of clientFrame('text', '\0towpath:ping:12')) peer.send(Uint8Array.of(byte))

    const answer = await peer.inbox.take(2 + 16)

    expect(new TextDecoder().decode(answer.subarray(2))).toBe('\0towpath:pong:12')
    expect(session.incoming.tryReceive()).toEqual({ type: 'empty' })
  })

  it('answers the question of a heartbeat, and shows it to nobody', async () => {
    const { session, peer } = defaultSession()
    peer.text('\0towpath:ping:17')
    peer.send(clientFrame('text', '\0towpath', { fin: false }))
    peer.send(clientFrame('continuation', ':ping:18'))

    expect(await peer.read(18)).toBe(toHex(encode('\x81\x10\0towpath:pong:17')))
    expect(await peer.read(18)).toBe(toHex(encode('\x81\x10\0towpath:pong:18')))
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('answers it while incoming is full', async () => {
    const { peer } = defaultSession({ incoming: { ...SETTINGS.incoming, capacity: 1 } })
    for (let index = 0; index < 10; index++) peer.text('x')
    peer.text('\0towpath:ping:1')

    expect(await peer.read(17)).toBe(toHex(encode('\x81\x0f\0towpath:pong:1')))
  })

  it('answers it when nobody wants to receive any more', async () => {
    const { session, peer } = defaultSession()
    session.incoming.cancel()
    peer.text('\0towpath:ping:1')

    expect(await peer.read(17)).toBe(toHex(encode('\x81\x0f\0towpath:pong:1')))
  })

  it.each(['\0', '\0towpath:ping:', '\0towpath:ping:1!', '\0towpath:pong:1', 'towpath:ping:1'])(
    'shows %j, which is no question',
    async (text) => {
      const { session, peer } = defaultSession()
      peer.text(text)

      expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
    },
  )

  it('shows questions as they are when they are not to be answered, and as bytes', async () => {
    const { session, peer } = defaultSession({ answerHeartbeats: false })
    peer.text('\0towpath:ping:1')
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })

    const other = defaultSession()
    other.peer.send(clientFrame('binary', '\0towpath:ping:1'))
    expect(await other.session.incoming.receive()).toMatchObject({ frameType: 2 })
  })

  it('counts questions as control frames', async () => {
    const { peer } = defaultSession({ maxControlFramesPerSecond: 1 })
    peer.text('\0towpath:ping:1')
    peer.text('\0towpath:ping:2')

    expect(await peer.read(17)).toBe(toHex(encode('\x81\x0f\0towpath:pong:1')))
    expect(await peer.rest()).toBe('88 02 03 f0')
  })

  it('does not count questions as messages', async () => {
    const { session, peer } = defaultSession({ maxMessagesPerSecond: 1, onRateLimit: 'close' })
    for (let count = 0; count < 10; count++) peer.text(`\0towpath:ping:${count}`)
    peer.text('x')

    await session.incoming.receive()
    await peer.read(170)
    expect(session.incoming.isClosedForReceive).toBe(false)
  })
})

describe('ReadHalf and its channel', () => {
  it('frames are received in order, and each read is reported once, with 256 bytes more for a frame', () => {
    const { session, deliver, heard } = open()
    deliver('a')
    deliver('bcd')

    expect(session.heldBytes).toBe(4 + 2 * 256)
    expect(heard).toEqual(['buffered 264', 'buffered 268'])
    expect(textsOf(session)).toEqual(['a', 'bcd'])
    expect(session.heldBytes).toBe(0)
  })

  it('at the end of a turn frames that still wait are moved out of shared memory', async () => {
    const { session, gate } = open({ capacity: 64 })
    for (const byte of [1, 2]) gate.receive(clientFrame('binary', Uint8Array.of(byte)))
    const early = await session.incoming.receive()
    await settled()
    const late = await session.incoming.receive()

    expect(early.buffer.buffer.byteLength).toBeGreaterThan(1)
    expect(late.buffer.buffer.byteLength).toBe(1)
  })

  it('the end of the connection moves what still waits out of shared memory at once', async () => {
    const { session, gate } = open({ capacity: 64 })
    gate.receive(clientFrame('binary', Uint8Array.of(1)))

    gate.close()

    expect((await session.incoming.receive()).buffer.buffer.byteLength).toBe(1)
  })

  it('a frame that a receiver waits for is not kept', async () => {
    const { session, deliver, heard } = open()
    const received = session.incoming.receive()

    deliver('a')

    expect(await received).toBeInstanceOf(Frame.Text)
    expect(heard).toEqual(['buffered 7'])
  })

  it('reading stops when the read-ahead past a full channel is used up, and not before', () => {
    const { gate, deliver } = open({ capacity: 1 }, 130)
    deliver('a')
    deliver('b')
    expect(gate.paused).toBe(false)

    deliver('c')

    expect(gate.paused).toBe(true)
  })

  it('empty frames use the read-ahead up too', () => {
    const { gate, deliver } = open({ capacity: 1 }, 640)
    for (let sent = 0; sent < 10; sent++) deliver('')
    expect(gate.paused).toBe(false)

    deliver('')

    expect(gate.paused).toBe(true)
  })

  it('reading goes on when the channel is below its bound again, and nothing is lost', async () => {
    const { session, gate, deliver } = open({ capacity: 2 }, 0)
    for (const text of ['1', '2', '3']) deliver(text)
    await session.incoming.receive()
    expect(gate.paused).toBe(true)

    await session.incoming.receive()

    expect(gate.paused).toBe(false)
    expect(textsOf(session)).toEqual(['3'])
  })

  it('every stretch past the bound has the whole read-ahead', () => {
    const { session, gate, deliver } = open({ capacity: 1 }, 130)
    deliver('1')
    deliver('2')
    expect(textsOf(session)).toEqual(['1', '2'])

    deliver('3')
    deliver('4')

    expect(gate.paused).toBe(false)
  })

  it('under close the first frame too many ends the session, and is not kept', () => {
    const { session, deliver, heard } = open({ capacity: 1, onOverflow: 'close' })
    deliver('1')
    deliver('2')

    expect(heard).toContain('limit channels.incoming')
    expect(textsOf(session)).toEqual(['1'])
  })

  it('under drop-oldest and drop-latest what is dropped is told, and reading goes on', () => {
    const oldest = open({ capacity: 1, onOverflow: 'drop-oldest' }, 0)
    const latest = open({ capacity: 1, onOverflow: 'drop-latest' }, 0)
    for (const { deliver } of [oldest, latest]) {
      deliver('1')
      deliver('22')
    }

    expect(textsOf(oldest.session)).toEqual(['22'])
    expect(oldest.heard).toContain('incoming dropped 1')
    expect(textsOf(latest.session)).toEqual(['1'])
    expect(latest.heard).toContain('incoming dropped 2')
    expect(oldest.gate.paused || latest.gate.paused).toBe(false)
  })

  it('a handler that cancels the channel discards what comes, and lets reading go on', () => {
    const { session, gate, deliver } = open({ capacity: 1 }, 0)
    deliver('1')
    deliver('2')
    expect(gate.paused).toBe(true)

    session.incoming.cancel()
    deliver('3')

    expect(gate.paused).toBe(false)
    expect(session.heldBytes).toBe(0)
    expect(textsOf(session)).toEqual([])
  })

  it('a handler that still receives after shed() gets the cause', async () => {
    const { session, deliver } = open({ capacity: 1 }, 0)
    deliver('1')
    deliver('2')
    const cause = new MemoryBudgetError(1, 2)

    session.shed(cause)

    expect(session.heldBytes).toBeLessThan(256)
    await expect(session.incoming.receive()).rejects.toBe(cause)
  })
})
