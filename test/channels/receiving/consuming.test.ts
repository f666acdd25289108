import { describe, expect, it } from 'vitest'
import { BufferedChannel } from '../../../src/channels/buffered-channel.ts'
import { arrayOf, consumeEachOf, firstOf } from '../../../src/channels/receiving/consuming.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../../src/channels/errors.ts'
import { follow, settle } from '../settled.ts'

const cause = new Error('why')

function channelOf(...values: readonly number[]): BufferedChannel<number> {
  const channel = new BufferedChannel<number>()
  for (const value of values) channel.offer(value)
  return channel
}

describe('consumeEachOf()', () => {
  it('S-22 consumeEach() runs for each element and returns normally when the channel ends', async () => {
    const channel = channelOf(1, 2)
    const seen: number[] = []
    const consumed = consumeEachOf(channel, (value) => seen.push(value))
    await settle()
    await channel.send(3)
    channel.close()

    expect(await consumed).toBeUndefined()
    expect(seen).toEqual([1, 2, 3])
  })

  it('S-22 consumeEach() awaits an async function before it takes the next element', async () => {
    const channel = channelOf(1, 2)
    channel.close()
    const log: string[] = []

    await consumeEachOf(channel, async (value) => {
      log.push(`begin ${value}`)
      await settle()
      log.push(`end ${value}, ${channel.size} left`)
    })

    expect(log).toEqual(['begin 1', 'end 1, 1 left', 'begin 2', 'end 2, 0 left'])
  })

  it('S-22 consumeEach() rejects with the cause of the end, after the rest', async () => {
    const channel = channelOf(1)
    const seen: number[] = []
    channel.close(cause)

    await expect(consumeEachOf(channel, (value) => seen.push(value))).rejects.toBe(cause)
    expect(seen).toEqual([1])
  })

  it.each(['throws', 'rejects'])(
    'consumeEach() cancels the channel when the function %s',
    async (how) => {
      const channel = channelOf(1, 2)

      const consumed = consumeEachOf(channel, () => {
        if (how === 'rejects') return Promise.reject(cause)
        throw cause
      })

      await expect(consumed).rejects.toBe(cause)
      expect(channel.isClosedForReceive).toBe(true)
      expect(channel.tryReceive()).toEqual({ type: 'closed', cause })
      await expect(channel.send(3)).rejects.toThrow(ClosedSendChannelError)
    },
  )
})

describe('arrayOf()', () => {
  it('toArray() gives all values in order', async () => {
    const channel = channelOf(1, 2)
    const values = arrayOf(channel)
    await channel.send(3)
    channel.close()

    expect(await values).toEqual([1, 2, 3])
  })

  it('toArray() rejects with the cause of the end', async () => {
    const channel = channelOf(1)
    channel.close(cause)

    await expect(arrayOf(channel)).rejects.toBe(cause)
  })
})

describe('firstOf()', () => {
  it('first() gives the next value and cancels the channel', async () => {
    const channel = channelOf(1, 2)

    expect(await firstOf(channel)).toBe(1)
    expect(channel.isClosedForReceive).toBe(true)
  })

  it('first() waits for a value', async () => {
    const channel = channelOf()
    const first = follow(firstOf(channel))
    await settle()
    expect(first()).toEqual({ type: 'pending' })

    channel.offer(1)
    await settle()
    expect(first()).toEqual({ type: 'value', value: 1 })
  })

  it('first() of a channel that ends rejects as receive() does', async () => {
    const channel = channelOf()
    channel.close()

    await expect(firstOf(channel)).rejects.toThrow(ClosedReceiveChannelError)
  })
})
