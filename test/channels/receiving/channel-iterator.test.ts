import { describe, expect, it } from 'vitest'
import { BufferedChannel } from '../../../src/channels/buffered-channel.ts'
import { ChannelIterator } from '../../../src/channels/receiving/channel-iterator.ts'
import { follow, settle } from '../settled.ts'

const done = { done: true, value: undefined }

describe('ChannelIterator', () => {
  it('next() gives one value at each step, then the end', async () => {
    const channel = new BufferedChannel<string>()
    const iterator = new ChannelIterator(channel)
    channel.offer('a')
    const first = iterator.next()
    const second = iterator.next()
    channel.offer('b')
    channel.close()

    expect(await first).toEqual({ done: false, value: 'a' })
    expect(await second).toEqual({ done: false, value: 'b' })
    expect(await iterator.next()).toEqual(done)
  })

  it('next() called several times at once is served in order', async () => {
    const channel = new BufferedChannel<string>()
    const iterator = new ChannelIterator(channel)
    const steps = [iterator.next(), iterator.next(), iterator.next()]

    for (const value of ['a', 'b', 'c']) channel.offer(value)

    expect((await Promise.all(steps)).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
  })

  it('next() gives a result of its own each time: one that is kept does not change', async () => {
    const channel = new BufferedChannel<string>()
    const iterator = new ChannelIterator(channel)
    channel.offer('a')
    channel.offer('b')

    const first = await iterator.next()
    const second = await iterator.next()
    const third = iterator.next()
    channel.offer('c')
    await third

    expect(first).toEqual({ done: false, value: 'a' })
    expect(second).toEqual({ done: false, value: 'b' })
  })

  it('return() frees all its next() that wait, and takes nothing', async () => {
    const channel = new BufferedChannel<string>()
    const iterator = new ChannelIterator(channel)
    const first = iterator.next()
    const second = iterator.next()
    const other = follow(channel.receive())

    expect(await iterator.return()).toEqual(done)

    expect(await first).toEqual(done)
    expect(await second).toEqual(done)
    channel.offer('a')
    await settle()
    expect(other()).toEqual({ type: 'value', value: 'a' })
    expect(await iterator.next()).toEqual(done)
  })

  it('S-14 break leaves the channel open, and the next loop goes on', async () => {
    const channel = new BufferedChannel<number>()
    for (const value of [1, 2, 3, 4]) channel.offer(value)
    channel.close()
    const seen: number[][] = [[], []]

    for await (const value of channel) {
      seen[0]?.push(value)
      if (value === 2) break
    }
    expect(channel.isClosedForReceive).toBe(false)
    for await (const value of channel) seen[1]?.push(value)

    expect(seen).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('a loop ends quietly after close() and throws after close(cause), once all was received', async () => {
    const cause = new Error('why')
    for (const [given, expected] of [
      [null, null],
      [cause, cause],
    ]) {
      const channel = new BufferedChannel<number>()
      channel.offer(1)
      channel.close(given)
      const seen: number[] = []
      let thrown: unknown = null
      try {
        for await (const value of channel) seen.push(value)
      } catch (error) {
        thrown = error
      }
      expect(seen).toEqual([1])
      expect(thrown).toBe(expected)
    }
  })

  it('several loops share the values between them', async () => {
    const channel = new BufferedChannel<number>({ capacity: 2 })
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for await (const value of channel) seen.push(value)
    }
    const loops = [loop(), loop()]

    for (let value = 0; value < 10; value++) await channel.send(value)
    channel.close()
    await Promise.all(loops)

    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('is iterable itself', async () => {
    const channel = new BufferedChannel<number>()
    channel.offer(1)
    channel.close()
    const iterator = channel[Symbol.asyncIterator]()
    const seen: number[] = []

    for await (const value of iterator) seen.push(value)

    expect(seen).toEqual([1])
  })
})
