import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { BufferedChannel } from '../../../src/channels/internal.ts'
import { JoinedChannel } from '../../../src/channels/receiving/joined-channel.ts'

function join(delay: () => Promise<void> | null = () => null) {
  return new JoinedChannel<string>({
    maxKept: 3,
    maxKeptSize: 10,
    sizeOf: (value) => value.length,
    clock: new VirtualClock(),
    delay,
  })
}

function sourceOf(...values: string[]): BufferedChannel<string> {
  const source = new BufferedChannel<string>({ capacity: 64 })
  for (const value of values) source.trySend(value)
  return source
}

describe('JoinedChannel', () => {
  it('keeps no value of a source that was left once the sizes have reached their limit', () => {
    const joined = join()
    joined.follow(sourceOf('12345', '67890', 'a'))

    joined.leaveSource()

    expect(joined.kept).toBe(2)
  })

  it('is the values of one source after the other', async () => {
    const joined = join()
    const first = sourceOf('1', '2')
    joined.follow(first)
    expect(await joined.channel.receive()).toBe('1')
    expect(joined.channel.tryReceive()).toEqual({ type: 'value', value: '2' })
    expect(joined.channel.tryReceive()).toEqual({ type: 'empty' })
    first.close(new Error('lost'))

    joined.follow(sourceOf('3'))

    expect(joined.channel.isClosedForReceive).toBe(false)
    expect(await joined.channel.receiveCatching()).toEqual({ type: 'value', value: '3' })
  })

  it('leaves values in their source until somebody receives', () => {
    const joined = join()
    const source = sourceOf('1', '2', '3')

    joined.follow(source)
    expect(source.size).toBe(3)
    joined.channel.tryReceive()

    expect(source.size).toBe(2)
    expect(joined.kept).toBe(0)
  })

  it('moves receivers that wait to the next source, in their order', async () => {
    const joined = join()
    const received = [joined.channel.receive(), joined.channel.receive(), joined.channel.receive()]
    const first = sourceOf()
    joined.follow(first)
    first.trySend('1')
    expect(await received[0]).toBe('1')
    first.close()
    joined.leaveSource()

    joined.follow(sourceOf('2', '3'))

    expect(await Promise.all(received)).toEqual(['1', '2', '3'])
  })

  it('keeps what a source still holds when it is left, before the next source', async () => {
    const joined = join()
    joined.follow(sourceOf('1', '2'))
    joined.leaveSource()
    joined.follow(sourceOf('3'))
    joined.close(null)

    expect(await joined.channel.toArray()).toEqual(['1', '2', '3'])
  })

  it('keeps no more values than allowed, and none once their sizes reach the bound', () => {
    const many = join()
    many.follow(sourceOf('1', '2', '3', '4'))
    many.leaveSource()
    expect(many.kept).toBe(3)

    const large = join()
    large.follow(sourceOf('1234567', '1234567', '1'))
    large.leaveSource()
    expect(large.kept).toBe(2)
  })

  it('tells of each value that leaves its source, once', async () => {
    const joined = join()
    const taken: string[] = []
    joined.onTaken = (value) => taken.push(value)
    const source = sourceOf('1', '2', '3')
    joined.follow(source)
    joined.channel.tryReceive()
    void joined.channel.receive()
    joined.leaveSource()
    expect(taken).toEqual(['1', '2', '3'])
    joined.channel.tryReceive()

    const next = sourceOf()
    joined.follow(next)
    const received = joined.channel.receive()
    next.trySend('4')

    expect(await received).toBe('4')
    expect(taken).toEqual(['1', '2', '3', '4'])
  })

  it('ends as it is closed, behind what is kept', async () => {
    const joined = join()
    joined.follow(sourceOf('1'))
    const cause = new Error('over')
    joined.close(cause)
    joined.close(null)

    expect(joined.channel.isClosedForReceive).toBe(false)
    expect(await joined.channel.receive()).toBe('1')
    expect(joined.channel.isClosedForReceive).toBe(true)
    await expect(joined.channel.receive()).rejects.toBe(cause)
    expect(joined.channel.tryReceive()).toEqual({ type: 'closed', cause })
  })

  it('ends the waiting of its receivers when it is closed', async () => {
    const joined = join()
    joined.follow(sourceOf())
    const waits = joined.channel.receiveCatching()

    joined.close(null)

    expect(await waits).toEqual({ type: 'closed', cause: null })
  })

  it('cancels its source, what it keeps and every source that follows when it is cancelled', async () => {
    const joined = join()
    joined.follow(sourceOf('1'))
    joined.leaveSource()
    const source = sourceOf('2')
    joined.follow(source)

    joined.cancel()
    joined.cancel()

    expect(source.isClosedForReceive).toBe(true)
    await expect(joined.channel.receive()).rejects.toMatchObject({
      code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
    })
    const late = sourceOf('3')
    joined.follow(late)
    expect(late.isClosedForReceive).toBe(true)
  })

  it('takes nothing for a receiver that has gone away', async () => {
    const joined = join()
    const source = sourceOf()
    joined.follow(source)
    const leave = new AbortController()
    const left = joined.channel.receive({ signal: leave.signal })
    leave.abort(new Error('enough'))
    await expect(left).rejects.toThrow('enough')

    source.trySend('1')

    expect(source.size).toBe(1)
    expect(joined.channel.tryReceive()).toEqual({ type: 'value', value: '1' })
  })

  it('frees the step of a loop that is left', async () => {
    const joined = join()
    const source = sourceOf()
    joined.follow(source)
    const loop = joined.channel[Symbol.asyncIterator]()
    const step = loop.next()
    await loop.return?.()
    expect(await step).toEqual({ done: true, value: undefined })

    source.trySend('1')

    expect(joined.channel.tryReceive()).toEqual({ type: 'value', value: '1' })
  })

  it('lets the owner hold up those who receive after the end', async () => {
    let release: () => void = () => {}
    const joined = join(() => new Promise((resolve) => (release = resolve)))
    joined.close(null)
    let isOver = false
    const received = joined.channel.receiveCatching().then(() => (isOver = true))
    await Promise.resolve()
    expect(isOver).toBe(false)

    release()

    expect(await received).toBe(true)
  })
})
