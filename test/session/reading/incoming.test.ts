import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../src/base/index.ts'

import { Frame } from '../../../src/protocol/index.ts'
import { Incoming } from '../../../src/session/reading/incoming.ts'
import type { ChannelBounds } from '../../../src/session/channel-bounds.ts'

function open(bounds: Partial<ChannelBounds> = {}, readAhead = 1000) {
  const heard: string[] = []
  let waits = 0
  const incoming = new Incoming(
    { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend', ...bounds },
    readAhead,
    {
      pauseReading: () => void heard.push('pause'),
      incomingOver: () => void heard.push('over'),
      resumeReading: () => void heard.push('resume'),
      incomingOverflowed: (error) => void heard.push(`overflow of ${error.capacity}`),
      frameDropped: (_, bytes) => void heard.push(`dropped ${bytes}`),
      endReceived: () => null,
      settings: { id: 'test' },
      buffered: (bytes) => void heard.push(`buffered ${bytes}`),
      environment: { clock: new VirtualClock() },
      framesWait: () => void (waits += 1),
    },
  )
  const deliver = (text: string): void => incoming.deliver(new Frame.Text(text), text.length)
  return { incoming, deliver, heard, waits: () => waits }
}

/** What can be received at once. */
function textsOf(incoming: Incoming): string[] {
  const texts: string[] = []
  for (;;) {
    const result = incoming.channel.tryReceive()
    if (result.type !== 'value') return texts
    texts.push(result.value instanceof Frame.Text ? result.value.readText() : 'other')
  }
}

describe('Incoming', () => {
  it('frames are received in order, and what is kept is told with 256 bytes for each frame', () => {
    const { incoming, deliver, heard } = open()
    deliver('a')
    deliver('bcd')

    expect(incoming.heldBytes).toBe(4 + 2 * 256)
    expect(heard).toEqual(['buffered 257', 'buffered 259'])
    expect(textsOf(incoming)).toEqual(['a', 'bcd'])
    expect(incoming.heldBytes).toBe(0)
  })

  it('ownPayloads() moves what still waits out of shared memory, each frame once', () => {
    const { incoming, waits } = open({ capacity: 64 })
    const piece = new Uint8Array(4088)
    const frames = [1, 2, 3].map((at) => new Frame.Binary(piece.subarray(at, at + 1)))
    const pinned = (): boolean[] => frames.map(({ buffer }) => buffer.buffer === piece.buffer)
    for (const frame of frames.slice(0, 2)) incoming.deliver(frame, 1)
    expect(waits()).toBe(1)
    incoming.channel.tryReceive()

    incoming.ownPayloads()
    expect(pinned()).toEqual([true, false, true])

    for (const frame of frames.slice(2)) incoming.deliver(frame, 1)
    expect(waits()).toBe(2)
    incoming.ownPayloads()
    expect(pinned()).toEqual([true, false, false])
  })

  it('end() moves what still waits out of shared memory at once', () => {
    const { incoming } = open({ capacity: 64 })
    const piece = new Uint8Array(4088)
    const frame = new Frame.Binary(piece.subarray(1, 2))
    incoming.deliver(frame, 1)

    incoming.end()

    expect(frame.buffer.buffer).not.toBe(piece.buffer)
  })

  it('a frame that a receiver waits for is not kept', async () => {
    const { incoming, deliver, heard, waits } = open()
    const received = incoming.channel.receive()

    deliver('a')

    expect(await received).toBeInstanceOf(Frame.Text)
    expect(heard).toEqual([])
    expect(waits()).toBe(0)
  })

  it('reading stops when the read-ahead past a full channel is used up, and not before', () => {
    const { deliver, heard } = open({ capacity: 1 }, 130)
    deliver('a')
    deliver('b')
    expect(heard).not.toContain('pause')

    deliver('c')
    deliver('d')

    expect(heard.filter((event) => event === 'pause').length).toBe(1)
  })

  it('empty frames use the read-ahead up too', () => {
    const { deliver, heard } = open({ capacity: 1 }, 640)
    for (let sent = 0; sent < 10; sent++) deliver('')
    expect(heard).not.toContain('pause')

    deliver('')

    expect(heard).toContain('pause')
  })

  it('reading goes on when the channel is below its bound again, and nothing is lost', async () => {
    const { incoming, deliver, heard } = open({ capacity: 2 }, 0)
    for (const text of ['1', '2', '3']) deliver(text)
    await incoming.channel.receive()
    expect(heard).toContain('pause')
    expect(heard).not.toContain('resume')

    await incoming.channel.receive()

    expect(heard.at(-1)).toBe('resume')
    expect(textsOf(incoming)).toEqual(['3'])
  })

  it('every stretch past the bound has the whole read-ahead', () => {
    const { incoming, deliver, heard } = open({ capacity: 1 }, 130)
    deliver('1')
    deliver('2')
    expect(textsOf(incoming)).toEqual(['1', '2'])

    deliver('3')
    deliver('4')

    expect(heard).not.toContain('pause')
  })

  it('under close the first frame too many is an overflow, and is not kept', () => {
    const { incoming, deliver, heard } = open({ capacity: 1, onOverflow: 'close' })
    deliver('1')
    deliver('2')

    expect(heard).toContain('overflow of 1')
    expect(textsOf(incoming)).toEqual(['1'])
  })

  it('under drop-oldest and drop-latest what is dropped is told, and reading goes on', () => {
    const oldest = open({ capacity: 1, onOverflow: 'drop-oldest' }, 0)
    const latest = open({ capacity: 1, onOverflow: 'drop-latest' }, 0)
    for (const { deliver } of [oldest, latest]) {
      deliver('1')
      deliver('22')
    }

    expect(textsOf(oldest.incoming)).toEqual(['22'])
    expect(oldest.heard).toContain('dropped 1')
    expect(textsOf(latest.incoming)).toEqual(['1'])
    expect(latest.heard).toContain('dropped 2')
    expect([...oldest.heard, ...latest.heard]).not.toContain('pause')
  })

  it('deliverLast() shows a frame whatever the policy', () => {
    for (const onOverflow of ['suspend', 'close', 'drop-oldest', 'drop-latest'] as const) {
      const { incoming, deliver, heard } = open({ capacity: 1, onOverflow })
      deliver('1')

      incoming.deliverLast(new Frame.Close(), 0)

      expect(textsOf(incoming)).toEqual(['1', 'other'])
      expect(heard).toEqual(['buffered 257', 'buffered 256'])
    }
  })

  it('end() lets what is buffered be received, then ends with the cause', async () => {
    const { incoming, deliver } = open()
    const cause = new Error('too big')
    deliver('a')

    incoming.end(cause)
    deliver('b')

    expect(textsOf(incoming)).toEqual(['a'])
    await expect(incoming.channel.receive()).rejects.toBe(cause)
  })

  it('discard() drops what is buffered and all that comes, and lets reading go on', async () => {
    const { incoming, deliver, heard } = open({ capacity: 1 }, 0)
    deliver('1')
    deliver('2')
    const cause = new Error('no memory')

    incoming.discard(cause)
    deliver('3')
    incoming.deliverLast(new Frame.Close(), 0)

    expect(incoming.isDiscarding).toBe(true)
    expect(incoming.heldBytes).toBe(0)
    expect(heard).toContain('over')
    await expect(incoming.channel.receive()).rejects.toBe(cause)
  })

  it('a handler that cancels the channel discards what comes', () => {
    const { incoming, deliver, heard } = open({ capacity: 1 }, 0)
    deliver('1')
    deliver('2')

    incoming.channel.cancel()

    expect(incoming.isDiscarding).toBe(true)
    expect(heard).toContain('over')
  })
})
