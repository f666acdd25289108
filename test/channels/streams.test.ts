import { describe, expect, it } from 'vitest'
import { BufferedChannel } from '../../src/channels/buffered-channel.ts'
import { ClosedSendChannelError } from '../../src/channels/errors.ts'
import { readableOf, writableOf } from '../../src/channels/streams.ts'
import { follow, settle } from './settled.ts'

const cause = new Error('why')

describe('readableOf()', () => {
  it('readable() takes a value only when its reader asks', async () => {
    const channel = new BufferedChannel<string>()
    for (const value of ['a', 'b']) channel.offer(value)
    const reader = readableOf(channel).getReader()
    await settle()
    expect(channel.size).toBe(2)

    expect(await reader.read()).toEqual({ done: false, value: 'a' })
    await settle()
    expect(channel.size).toBe(1)
  })

  it('readable() ends when the channel ends', async () => {
    const channel = new BufferedChannel<string>()
    channel.offer('a')
    const seen: string[] = []
    channel.close()

    for await (const value of readableOf(channel)) seen.push(value)

    expect(seen).toEqual(['a'])
  })

  it('readable() fails with the cause of the end', async () => {
    const channel = new BufferedChannel<string>()
    const read = readableOf(channel).getReader().read()
    channel.close(cause)

    await expect(read).rejects.toBe(cause)
  })

  it('cancelling the stream cancels the channel, also while a read waits', async () => {
    const channel = new BufferedChannel<string>()
    const reader = readableOf(channel).getReader()
    const read = reader.read()

    await reader.cancel(cause)

    expect(await read).toEqual({ done: true, value: undefined })
    expect(channel.tryReceive()).toEqual({ type: 'closed', cause })
    await settle()
  })
})

describe('writableOf()', () => {
  it('writable() sends what is written, waiting for room', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    const writer = writableOf(channel).getWriter()
    const first = writer.write('a')
    const second = follow(writer.write('b'))
    await first
    await settle()
    expect(second()).toEqual({ type: 'pending' })

    expect(await channel.receive()).toBe('a')
    await settle()
    expect(second()).toEqual({ type: 'value', value: undefined })
    expect(await channel.receive()).toBe('b')
  })

  it('closing the stream closes the channel', async () => {
    const channel = new BufferedChannel<string>()
    const writer = writableOf(channel).getWriter()
    await writer.write('a')
    await writer.close()

    expect(await channel.toArray()).toEqual(['a'])
  })

  it('aborting the stream gives up the send that waits and closes the channel with the reason', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    const writer = writableOf(channel).getWriter()
    await writer.write('a')
    const written = writer.write('b')
    const closed = follow(writer.closed)
    await settle()

    await Promise.all([writer.abort(cause), expect(written).rejects.toBe(cause)])

    expect(await channel.receive()).toBe('a')
    await expect(channel.receive()).rejects.toBe(cause)
    expect(closed()).toEqual({ type: 'error', error: cause })
  })

  it('aborting the stream without a reason is no normal end either', async () => {
    const channel = new BufferedChannel<string>()
    await writableOf(channel).abort()

    await expect(channel.receive()).rejects.toThrow(
      'Cannot receive: the writing stream was aborted',
    )
  })

  it('a write to a closed channel rejects', async () => {
    const channel = new BufferedChannel<string>()
    const writer = writableOf(channel).getWriter()
    const closed = follow(writer.closed)
    channel.close()

    await expect(writer.write('a')).rejects.toThrow(ClosedSendChannelError)
    await settle()
    expect(closed()).toMatchObject({ type: 'error' })
  })

  it('readable() pipes into writable()', async () => {
    const source = new BufferedChannel<number>()
    const target = new BufferedChannel<number>({ capacity: 1 })
    const received = target.toArray()
    for (let value = 0; value < 20; value++) source.offer(value)
    source.close()

    await readableOf(source).pipeTo(writableOf(target))

    expect(await received).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })
})
