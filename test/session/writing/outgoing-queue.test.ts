import { describe, expect, it } from 'vitest'

import { Frame } from '../../../src/protocol/index.ts'
import { latestBy } from '../../../src/session/index.ts'
import { QueuedFrame } from '../../../src/session/writing/message-order.ts'
import { FlushMarker, OutgoingQueue } from '../../../src/session/writing/outgoing-queue.ts'
import type { OutgoingBounds } from '../../../src/session/session-options.ts'
import { settled } from '../../support/memory-world.ts'

function open(bounds: Partial<OutgoingBounds> = {}) {
  const dropped: number[] = []
  const buffered: number[] = []
  const all: OutgoingBounds = { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend', ...bounds }
  const owner = {
    frameDropped: (bytes: number) => void dropped.push(bytes),
    buffered: (bytes: number) => void buffered.push(bytes),
  }
  const queue = new OutgoingQueue({ outgoing: all, id: 'test' }, { fragments: null }, owner)
  return { queue, dropped, buffered }
}

/** The payload of the oldest frame, which is taken; `flush` for a marker, which is told. */
function takeFrom(queue: OutgoingQueue): string | Uint8Array {
  const entry = queue.peek()
  queue.take()
  if (entry instanceof QueuedFrame) return entry.payload
  entry.handed()
  return 'flush'
}

function takeAll(queue: OutgoingQueue): (string | Uint8Array)[] {
  const taken: (string | Uint8Array)[] = []
  while (!queue.isEmpty) taken.push(takeFrom(queue))
  return taken
}

/** Says whether a promise has settled by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  await settled()
  return done
}

describe('OutgoingQueue', () => {
  it('gives frames back in order, with the opcode of their place', () => {
    const { queue } = open({ capacity: 8 })
    queue.trySend(new Frame.Text('a', { fin: false }))
    queue.trySend(new Frame.Ping())
    queue.trySend(new Frame.Text('b'))

    const opcodes: number[] = []
    while (!queue.isEmpty) {
      const entry = queue.peek()
      opcodes.push(entry instanceof QueuedFrame ? entry.opcode : -1)
      queue.take()
    }

    expect(opcodes).toEqual([1, 9, 0])
  })

  it('holds a copy of bytes, also of a Buffer, and counts payloads', () => {
    const { queue, buffered } = open()
    const bytes = Buffer.of(1, 2, 3)
    queue.trySend(bytes)
    bytes.fill(9)
    queue.trySend('é')

    expect(queue.bytes).toBe(5)
    expect(buffered.length).toBe(2)
    expect(takeFrom(queue)).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('send() waits while it is full, and the one that waited longest comes in first', async () => {
    const { queue } = open({ capacity: 1 })
    await queue.send('1')
    const second = queue.send('2')
    const third = queue.send('3')
    expect(queue.fits('3')).toBe(false)
    expect(await isDone(second)).toBe(false)

    expect(takeFrom(queue)).toBe('1')

    expect(await isDone(second)).toBe(true)
    expect(await isDone(third)).toBe(false)
    expect(takeAll(queue)).toEqual(['2', '3'])
  })

  it('trySend() says full under suspend, and what would be dropped is dropped under drop-…', () => {
    const suspended = open({ capacity: 1 })
    expect(suspended.queue.trySend('1')).toBe('sent')
    expect(suspended.queue.trySend('22')).toBe('full')

    const oldest = open({ capacity: 1, onOverflow: 'drop-oldest' })
    oldest.queue.trySend('1')
    expect(oldest.queue.trySend('22')).toBe('sent')
    expect(oldest.dropped).toEqual([1])
    expect(takeAll(oldest.queue)).toEqual(['22'])

    const latest = open({ capacity: 1, onOverflow: 'drop-latest' })
    latest.queue.trySend('1')
    expect(latest.queue.trySend('22')).toBe('sent')
    expect(latest.dropped).toEqual([2])
    expect(takeAll(latest.queue)).toEqual(['1'])
  })

  it('S-36 mark() has its place among the frames', async () => {
    const { queue } = open({ capacity: 8 })
    queue.trySend('1')
    const mark = queue.mark()
    queue.trySend('2')

    expect(takeFrom(queue)).toBe('1')
    expect(await isDone(mark)).toBe(false)
    expect(queue.peek()).toBeInstanceOf(FlushMarker)
    expect(takeAll(queue)).toEqual(['flush', '2'])
    expect(await isDone(mark)).toBe(true)
  })

  it('S-36 mark() comes behind those who wait, also where there is room for smaller ones', async () => {
    const { queue } = open({ capacity: 8, maxBytes: 4 })
    await queue.send('123')
    const large = queue.send('4567')
    expect(queue.fits('5')).toBe(false)
    const mark = queue.mark()

    expect(takeAll(queue)).toEqual(['123', '4567', 'flush'])
    await large
    await mark
  })

  it('S-36 a mark that newer frames push out stays in front of them', async () => {
    const { queue, dropped } = open({ capacity: 2, onOverflow: 'drop-oldest' })
    const mark = queue.mark()
    queue.trySend('1')
    queue.trySend('2')

    expect(await isDone(mark)).toBe(false)
    expect(dropped).toEqual([])
    expect(takeAll(queue)).toEqual(['flush', '1', '2'])
    await mark
  })

  it('refuseWaiting() rejects those who wait, marks among them, and keeps what is in', async () => {
    const { queue } = open({ capacity: 1 })
    await queue.send('1')
    const waiting = queue.send('2')
    const mark = queue.mark()

    queue.refuseWaiting()

    const closed = { code: 'TOWPATH_CLOSED_SEND_CHANNEL' }
    await expect(waiting).rejects.toMatchObject({ ...closed, value: '2' })
    await expect(mark).rejects.toMatchObject(closed)
    expect(queue.bytes).toBe(1)
    expect(queue.waitingCost).toBe(0)
    expect(takeAll(queue)).toEqual(['1'])
  })

  it('counts what waits for room, and what its waiting costs, and tells of both', async () => {
    const { queue, buffered } = open({ capacity: 1 })
    await queue.send('1')
    const controller = new AbortController()
    void queue.send('22')
    void queue.send('333', controller)

    expect(queue.bytes).toBe(6)
    expect(queue.waitingCost).toBe(1024)
    expect(buffered.slice(1)).toEqual([514, 515])

    controller.abort()
    expect(queue.bytes).toBe(3)
    takeAll(queue)
    expect([queue.bytes, queue.waitingCost]).toEqual([0, 0])
  })

  it('fits() says whether a frame of that size would be let in', () => {
    const { queue } = open({ capacity: 8, maxBytes: 4 })
    expect(queue.fits('12345')).toBe(true)
    queue.trySend('123')

    expect(queue.fits('4')).toBe(true)
    expect(queue.fits('45')).toBe(false)
  })

  it('abandon() loses all, and tells the marks', async () => {
    const { queue } = open({ capacity: 2, onOverflow: 'drop-oldest' })
    const displaced = queue.mark()
    queue.trySend('1')
    queue.trySend('2')
    const behind = queue.mark()

    queue.abandon()

    await displaced
    await behind
    expect(queue.isEmpty).toBe(true)
  })

  it('under latestBy a newer frame takes the place of the one with its key, full or not', async () => {
    const { queue, dropped } = open({
      onOverflow: latestBy((data) => (typeof data === 'string' ? data[0] : null)),
    })
    await queue.send('a1')
    await queue.send('b1')

    await queue.send('a22')
    expect(queue.trySend('b22')).toBe('sent')

    expect(dropped).toEqual([2, 2])
    expect(takeAll(queue)).toEqual(['a22', 'b22'])
  })

  it('a frame that may not come at its place is refused, and nothing is put in', async () => {
    const { queue } = open({ onOverflow: 'drop-oldest' })

    await expect(queue.send(new Frame.Text('a', { fin: false }))).rejects.toMatchObject({
      code: 'TOWPATH_LOCAL_PROTOCOL',
    })
    expect(queue.isEmpty).toBe(true)
  })
})
