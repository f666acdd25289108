import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { BufferedChannel } from '../../src/channels/buffered-channel.ts'
import type { ChannelHooks, ChannelInternals } from '../../src/channels/channel-hooks.ts'
import { ChannelSettings } from '../../src/channels/channel-settings.ts'
import {
  ChannelOverflowError,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
} from '../../src/channels/errors.ts'
import { NOTHING } from '../../src/channels/receiving/receive-core.ts'
import { follow, settle } from './settled.ts'

const cause = new Error('why')
const sizeOf = (value: string): number => value.length

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('Cannot be: the promise was not rejected')
    },
    (error: unknown) => error,
  )
}

describe('order', () => {
  it('receive() gives values first in, first out', async () => {
    const channel = new BufferedChannel<string>()
    await channel.send('a')
    await channel.send('b')

    expect(await channel.receive()).toBe('a')
    await channel.send('c')
    expect(await channel.receive()).toBe('b')
    expect(await channel.receive()).toBe('c')
  })

  it('waiting receivers are served first come, first served', async () => {
    const channel = new BufferedChannel<string>()
    const received = [channel.receive(), channel.receive(), channel.receive()]

    for (const value of ['a', 'b', 'c']) await channel.send(value)

    expect(await Promise.all(received)).toEqual(['a', 'b', 'c'])
  })

  it('waiting senders are served first come, first served', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    const log: string[] = []
    const sends = ['a', 'b', 'c'].map(async (value) => {
      await channel.send(value)
      log.push(value)
    })
    await settle()
    expect(log).toEqual(['a'])

    expect(await channel.receive()).toBe('a')
    await settle()
    expect(log).toEqual(['a', 'b'])
    expect([await channel.receive(), await channel.receive()]).toEqual(['b', 'c'])
    await Promise.all(sends)
  })

  it('a sender cannot pass those who wait, even if its value would fit', async () => {
    const channel = new BufferedChannel<string>({ maxBytes: 10, sizeOf })
    await channel.send('12345')
    const large = follow(channel.send('1234567890'))

    expect(channel.trySend('1')).toBe('full')
    const small = follow(channel.send('2'))
    await settle()
    expect([large().type, small().type]).toEqual(['pending', 'pending'])

    expect(await channel.receive()).toBe('12345')
    expect(await channel.receive()).toBe('1234567890')
    expect(await channel.receive()).toBe('2')
    expect([large().type, small().type]).toEqual(['value', 'value'])
  })

  it('two concurrent waits each get a value of their own, after settled ones were handed out', async () => {
    const channel = new BufferedChannel<string>()
    channel.offer('a')
    const first = channel.receive()
    const second = channel.receive()
    const third = channel.receive()
    channel.offer('b')
    channel.offer('c')

    expect(await third).toBe('c')
    expect(await second).toBe('b')
    expect(await first).toBe('a')
  })

  it('undefined and null are values', async () => {
    const channel = new BufferedChannel<undefined | null>()
    await channel.send(undefined)
    await channel.send(null)

    expect(channel.tryReceive()).toEqual({ type: 'value', value: undefined })
    expect(await channel.receiveCatching()).toEqual({ type: 'value', value: null })
    const waiting = channel.receiveCatching()
    await channel.send(undefined)
    expect(await waiting).toEqual({ type: 'value', value: undefined })
  })

  it('a waiting receive() never starves a waiting send(), nor the reverse', async () => {
    const channel = new BufferedChannel<number>({ capacity: 0 })
    const received: number[] = []
    const receiver = (async () => {
      for (let count = 0; count < 100; count++) received.push(await channel.receive())
    })()
    const senders = [0, 1].map(async (remainder) => {
      for (let value = remainder; value < 100; value += 2) await channel.send(value)
    })

    await Promise.all([receiver, ...senders])

    expect(received).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })
})

describe('bounds', () => {
  it('send() waits while the channel holds as many values as its capacity', async () => {
    const channel = new BufferedChannel<string>({ capacity: 2 })
    await channel.send('a')
    await channel.send('b')
    const third = follow(channel.send('c'))
    await settle()
    expect(third()).toEqual({ type: 'pending' })
    expect(channel.trySend('d')).toBe('full')

    await channel.receive()
    await settle()
    expect(third()).toEqual({ type: 'value', value: undefined })
  })

  it('send() waits while the bytes would be more than maxBytes', async () => {
    const channel = new BufferedChannel<string>({ maxBytes: 10, sizeOf })
    await channel.send('123456')
    await channel.send('1234')
    expect(channel.bytes).toBe(10)
    const third = follow(channel.send('1'))
    await settle()
    expect(third()).toEqual({ type: 'pending' })

    await channel.receive()
    await settle()
    expect(third().type).toBe('value')
    expect(channel.bytes).toBe(5)
  })

  it('one value larger than maxBytes passes, alone', async () => {
    const channel = new BufferedChannel<string>({ maxBytes: 3, sizeOf })
    expect(channel.trySend('12345')).toBe('sent')
    expect(channel.trySend('')).toBe('full')

    await channel.receive()
    expect(channel.trySend('1')).toBe('sent')
    expect(channel.trySend('12345')).toBe('full')
  })

  it('several waiting senders are let in by one receive() if there is room for all', async () => {
    const channel = new BufferedChannel<string>({ maxBytes: 4, sizeOf })
    await channel.send('1234')
    const sends = ['a', 'b', 'c'].map((value) => follow(channel.send(value)))

    await channel.receive()
    await settle()

    expect(sends.map((outcome) => outcome().type)).toEqual(['value', 'value', 'value'])
  })

  it('capacity 0 is a rendezvous: send() waits until a receiver takes its value', async () => {
    const channel = new BufferedChannel<string>({ capacity: 0 })
    expect(channel.trySend('nobody')).toBe('full')
    const sent = follow(channel.send('a'))
    await settle()
    expect(sent()).toEqual({ type: 'pending' })

    expect(await channel.receive()).toBe('a')
    await settle()
    expect(sent().type).toBe('value')

    const received = channel.receive()
    expect(channel.trySend('b')).toBe('sent')
    expect(await received).toBe('b')
  })

  it('capacity Infinity never waits', () => {
    const channel = new BufferedChannel<number>({ capacity: Infinity })
    for (let value = 0; value < 10_000; value++) expect(channel.trySend(value)).toBe('sent')

    expect(channel.size).toBe(10_000)
  })

  it('send() that need not wait gives one settled promise to all', () => {
    const channel = new BufferedChannel<string>()

    expect(channel.send('a')).toBe(channel.send('b'))
  })
})

describe('policies', () => {
  it('close: a value too many closes the channel; what it holds can be received', async () => {
    const channel = new BufferedChannel<string>({ capacity: 2, onOverflow: 'close' })
    await channel.send('a')
    await channel.send('b')

    const refused = await rejection(channel.send('c'))

    expect(refused).toBeInstanceOf(ClosedSendChannelError)
    expect(refused).toMatchObject({ value: 'c', cause: { capacity: 2, value: 'c' } })
    expect(channel.isClosedForSend).toBe(true)
    expect([await channel.receive(), await channel.receive()]).toEqual(['a', 'b'])
    await expect(channel.receive()).rejects.toThrow(ChannelOverflowError)
  })

  it('close: trySend() answers closed', () => {
    const channel = new BufferedChannel<string>({ capacity: 1, onOverflow: 'close' })
    channel.trySend('a')

    expect(channel.trySend('b')).toBe('closed')
  })

  it('drop-oldest: makes room for the new value and tells what was dropped', async () => {
    const dropped: string[] = []
    const channel = new BufferedChannel<string>({
      maxBytes: 4,
      sizeOf,
      onOverflow: 'drop-oldest',
      onDropped: (value) => dropped.push(value),
    })
    for (const value of ['a', 'b', 'c', 'd']) await channel.send(value)

    await channel.send('efg')
    expect(dropped).toEqual(['a', 'b', 'c'])
    expect(channel.trySend('larger than all')).toBe('sent')
    channel.close()

    expect(dropped).toEqual(['a', 'b', 'c', 'd', 'efg'])
    expect(await channel.toArray()).toEqual(['larger than all'])
  })

  it('drop-latest: drops the new value and tells', async () => {
    const dropped: string[] = []
    const channel = new BufferedChannel<string>({
      capacity: 2,
      onOverflow: 'drop-latest',
      onDropped: (value) => dropped.push(value),
    })
    for (const value of ['a', 'b', 'c']) await channel.send(value)
    expect(channel.trySend('d')).toBe('sent')
    channel.close()

    expect(dropped).toEqual(['c', 'd'])
    expect(await channel.toArray()).toEqual(['a', 'b'])
  })

  it.each(['drop-oldest', 'drop-latest', 'close'] as const)(
    '%s: a receiver that waits gets the value',
    async (onOverflow) => {
      const channel = new BufferedChannel<string>({ capacity: 1, onOverflow })
      const received = channel.receive()

      await channel.send('a')

      expect(await received).toBe('a')
    },
  )
})

describe('close()', () => {
  it('what is buffered is still received; then receive() rejects with ClosedReceiveChannelError', async () => {
    const channel = new BufferedChannel<string>()
    await channel.send('a')

    expect(channel.close()).toBe(true)

    expect(channel.isClosedForSend).toBe(true)
    expect(channel.isClosedForReceive).toBe(false)
    expect(await channel.receive()).toBe('a')
    expect(channel.isClosedForReceive).toBe(true)
    await expect(channel.receive()).rejects.toThrow(ClosedReceiveChannelError)
  })

  it('with a cause, receive() rejects with the cause itself', async () => {
    const channel = new BufferedChannel<string>()
    await channel.send('a')
    channel.close(cause)

    expect(await channel.receive()).toBe('a')
    await expect(channel.receive()).rejects.toBe(cause)
    expect(await channel.receiveCatching()).toEqual({ type: 'closed', cause })
    expect(channel.tryReceive()).toEqual({ type: 'closed', cause })
  })

  it('S-14 waiting receivers are told at once', async () => {
    const channel = new BufferedChannel<string>()
    const waits = [channel.receive(), channel.receive()]

    channel.close()

    for (const wait of waits) await expect(wait).rejects.toThrow(ClosedReceiveChannelError)
  })

  it('waiting senders get ClosedSendChannelError with their value', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    await channel.send('a')
    const waits = ['b', 'c'].map((value) => rejection(channel.send(value)))

    channel.close(cause)

    const errors = await Promise.all(waits)
    expect(errors.every((error) => error instanceof ClosedSendChannelError)).toBe(true)
    expect(errors).toMatchObject([
      { value: 'b', cause },
      { value: 'c', cause },
    ])
    expect(await channel.receive()).toBe('a')
    await expect(channel.receive()).rejects.toBe(cause)
  })

  it('send() afterwards rejects with ClosedSendChannelError and the value; trySend() answers closed', async () => {
    const channel = new BufferedChannel<string>()
    channel.close()

    expect(await rejection(channel.send('a'))).toMatchObject({
      code: 'TOWPATH_CLOSED_SEND_CHANNEL',
      value: 'a',
    })
    expect(channel.trySend('b')).toBe('closed')
  })

  it('twice is nothing: the first call counts', async () => {
    const channel = new BufferedChannel<string>()
    channel.close()

    expect(channel.close(cause)).toBe(false)

    expect(await channel.receiveCatching()).toEqual({ type: 'closed', cause: null })
  })

  it('takes a detail from the owner: the cause of the errors after an end that is quiet', async () => {
    const channel = new BufferedChannel<string>()
    channel.close(null, cause)

    expect(await rejection(channel.receive())).toMatchObject({
      code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
      cause,
    })
    expect(await rejection(channel.send('a'))).toMatchObject({ cause })
    expect(await channel.toArray()).toEqual([])
  })

  it('rejects a cause that is not an Error with TypeError', () => {
    const channel = new BufferedChannel<string>()
    // What a caller without types can pass.
    const text = 'bye' as unknown as Error

    expect(() => channel.close(text)).toThrow(
      new TypeError('Cannot end a channel with a string as the cause, expected an Error'),
    )
    expect(() => channel.cancel(text)).toThrow(TypeError)
    expect(channel.isClosedForSend).toBe(false)
  })
})

describe('cancel()', () => {
  it('drops what is buffered, and makes receivers and senders fail', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    await channel.send('a')
    const waiting = rejection(channel.send('b'))

    channel.cancel(cause)

    expect(channel.isClosedForReceive).toBe(true)
    expect(channel.isClosedForSend).toBe(true)
    expect([channel.size, channel.bytes]).toEqual([0, 0])
    expect(await waiting).toMatchObject({ value: 'b', cause })
    await expect(channel.receive()).rejects.toBe(cause)
    expect(await rejection(channel.send('c'))).toMatchObject({ value: 'c', cause })
  })

  it('without a cause ends loops quietly, and receive() with ClosedReceiveChannelError', async () => {
    const channel = new BufferedChannel<string>()
    const waiting = channel.receive()
    channel.cancel()

    await expect(waiting).rejects.toThrow(ClosedReceiveChannelError)
    expect(await channel.toArray()).toEqual([])
  })

  it('after close(cause) drops the rest and keeps the first cause', async () => {
    const channel = new BufferedChannel<string>()
    channel.offer('a')
    channel.close(cause)

    channel.cancel(new Error('other'))

    await expect(channel.receive()).rejects.toBe(cause)
  })
})

describe('abort signals', () => {
  it('aborting a receive() takes nothing, and the others keep their order', async () => {
    const channel = new BufferedChannel<string>()
    const controller = new AbortController()
    const first = follow(channel.receive())
    const aborted = rejection(channel.receive({ signal: controller.signal }))
    const third = follow(channel.receiveCatching())

    controller.abort(cause)
    await channel.send('a')
    await channel.send('b')

    expect(await aborted).toBe(cause)
    await settle()
    expect(first()).toEqual({ type: 'value', value: 'a' })
    expect(third()).toEqual({ type: 'value', value: { type: 'value', value: 'b' } })
  })

  it('aborting a send() sends nothing, and lets in those behind it that fit', async () => {
    const channel = new BufferedChannel<string>({ maxBytes: 10, sizeOf })
    const controller = new AbortController()
    await channel.send('12345')
    const aborted = rejection(channel.send('1234567890', { signal: controller.signal }))
    const behind = follow(channel.send('12345'))

    controller.abort(cause)

    expect(await aborted).toBe(cause)
    await settle()
    expect(behind().type).toBe('value')
    channel.close()
    expect(await channel.toArray()).toEqual(['12345', '12345'])
  })

  it('a signal that has aborted already takes and sends nothing', async () => {
    const channel = new BufferedChannel<string>()
    channel.offer('a')
    const signal = AbortSignal.abort(cause)

    expect(await rejection(channel.receive({ signal }))).toBe(cause)
    expect(await rejection(channel.send('b', { signal }))).toBe(cause)
    expect(channel.size).toBe(1)
  })

  it('an abort after the call has been served changes nothing', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    const controller = new AbortController()
    const { signal } = controller
    channel.offer('a')
    const sent = channel.send('b', { signal })
    const received = [channel.receive({ signal }), channel.receive({ signal })]
    controller.abort()

    expect(await Promise.all(received)).toEqual(['a', 'b'])
    expect(await sent).toBeUndefined()
  })

  it('waits leave no listeners on the signal, however they end', async () => {
    const { signal } = new AbortController()
    const controller = new AbortController()
    const count = (): number =>
      getEventListeners(signal, 'abort').length +
      getEventListeners(controller.signal, 'abort').length
    const ignore = (): undefined => undefined
    for (const end of ['served', 'closed', 'cancelled', 'aborted'] as const) {
      const given = end === 'aborted' ? controller.signal : signal
      const empty = new BufferedChannel<string>()
      const full = new BufferedChannel<string>({ capacity: 1 })
      full.offer('a')
      const waits = [
        empty.receive({ signal: given }).catch(ignore),
        empty.receiveCatching({ signal: given }).catch(ignore),
        full.send('b', { signal: given }).catch(ignore),
      ]
      expect(count()).toBe(1) // which they share

      if (end === 'served') {
        empty.offer('a')
        empty.offer('b')
        full.takeNext()
      }
      for (const channel of [empty, full]) {
        if (end === 'closed') channel.close()
        if (end === 'cancelled') channel.cancel()
      }
      if (end === 'aborted') controller.abort()

      await Promise.all(waits)
      expect(count()).toBe(0)
    }
  })
})

describe('tryReceive() and receiveCatching()', () => {
  it('tryReceive() answers with a tagged result, never undefined', () => {
    const channel = new BufferedChannel<string>()
    expect(channel.tryReceive()).toEqual({ type: 'empty' })

    channel.offer('a')
    expect(channel.tryReceive()).toEqual({ type: 'value', value: 'a' })

    channel.close()
    expect(channel.tryReceive()).toEqual({ type: 'closed', cause: null })
  })

  it('tryReceive() lets waiting senders in', async () => {
    const channel = new BufferedChannel<string>({ capacity: 1 })
    channel.offer('a')
    const sent = channel.send('b')

    expect(channel.tryReceive()).toEqual({ type: 'value', value: 'a' })

    await sent
    expect(channel.tryReceive()).toEqual({ type: 'value', value: 'b' })
  })

  it('receiveCatching() answers with the end instead of rejecting', async () => {
    const channel = new BufferedChannel<string>()
    const waiting = channel.receiveCatching()
    channel.close()

    expect(await waiting).toEqual({ type: 'closed', cause: null })
  })
})

/** What a session would be: notes what its channel tells it. */
class Owner {
  readonly log: string[] = []
}

const NOTING: ChannelHooks<string, Owner> = {
  onBuffered: ({ log }) => log.push('buffered'),
  onRoom: ({ log }) => log.push('room'),
  onDropped: ({ log }, value) => log.push(`dropped ${value}`),
  onClose: ({ log }, end) => log.push(`closed: ${end?.message ?? 'normally'}`),
  onCancel: ({ log }, end) => log.push(`cancelled: ${end?.message ?? 'normally'}`),
}

function owned(
  hooks: ChannelHooks<string, Owner> = NOTING,
): ChannelInternals<string, Owner> & { log: string[] } {
  const owner = new Owner()
  return { owner, hooks, log: owner.log }
}

describe('the owner’s side', () => {
  it('settings that were made once serve any number of channels', () => {
    const settings = new ChannelSettings<string>({ capacity: 1 })
    const channels = [new BufferedChannel(settings), new BufferedChannel(settings)]

    for (const channel of channels) channel.offer('a')

    expect(channels.map(({ isFull }) => isFull)).toEqual([true, true])
  })

  it('offer() goes past the bounds', () => {
    const channel = new BufferedChannel<string>({ capacity: 2, maxBytes: 5, sizeOf })
    expect(channel.isFull).toBe(false)
    channel.offer('a')
    expect(channel.isFull).toBe(false)
    channel.offer('bcdef')
    expect(channel.isFull).toBe(true)
    channel.offer('g')

    expect([channel.size, channel.bytes]).toEqual([3, 7])
    expect(channel.peek()).toBe('a')
    expect([channel.peekAt(0), channel.peekAt(2)]).toEqual(['a', 'g'])
    expect([channel.takeNext(), channel.takeNext(), channel.takeNext()]).toEqual([
      'a',
      'bcdef',
      'g',
    ])
    expect(channel.takeNext()).toBe(NOTHING)
    expect(channel.peek()).toBe(NOTHING)
  })

  it('offer() hands the value to a receiver that waits', async () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)
    const received = channel.receive()

    channel.offer('a')
    expect(channel.isFull).toBe(false)

    expect(await received).toBe('a')
    expect(log).toEqual([])
  })

  it('offer() after the end does nothing', () => {
    const channel = new BufferedChannel<string>()
    channel.close()

    channel.offer('a')
    expect(channel.size).toBe(0)
  })

  it('onBuffered is called when a value enters the buffer, that of a waiting sender too', async () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)
    await channel.send('a')
    const sent = channel.send('b')
    expect(log).toEqual(['buffered'])

    channel.takeNext()
    await sent

    expect(log).toEqual(['buffered', 'buffered'])
  })

  it('onBuffered is called when a sender waits with capacity 0, and takeNext() takes from it', async () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({ capacity: 0 }, internals)
    const sent = channel.send('a')
    expect(log).toEqual(['buffered'])

    expect(channel.takeNext()).toBe('a')
    expect(await sent).toBeUndefined()
    expect(channel.takeNext()).toBe(NOTHING)
  })

  it('onRoom is called when the channel was full and is not any more, once', () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({ capacity: 2 }, internals)
    for (const value of ['a', 'b', 'c']) channel.offer(value)
    log.length = 0

    channel.takeNext()
    expect(log).toEqual([])
    channel.takeNext()
    expect(log).toEqual(['room'])
    channel.takeNext()
    expect(log).toEqual(['room'])
  })

  it('onRoom is not called while waiting senders take the room, nor after the end', async () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)
    channel.offer('a')
    const sent = channel.send('b')
    channel.takeNext()
    await sent
    expect(log).toEqual(['buffered', 'buffered'])

    channel.close()
    channel.takeNext()
    expect(log).toEqual(['buffered', 'buffered', 'closed: normally'])
  })

  it('onRoom is called with capacity 0 when a receiver begins to wait', () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({ capacity: 0 }, internals)
    expect(channel.isFull).toBe(true)

    void channel.receiveCatching()
    expect(log).toEqual(['room'])
    expect(channel.isFull).toBe(false)
    channel.offer('a')
    expect(channel.isFull).toBe(true)
  })

  it('onDropped is called after the channel’s own, for each value dropped', () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>(
      { capacity: 1, onOverflow: 'drop-oldest', onDropped: (value) => log.push(`own ${value}`) },
      internals,
    )
    channel.trySend('a')
    channel.trySend('b')

    expect(log).toEqual(['buffered', 'buffered', 'own a', 'dropped a'])
  })

  it('onClose and onCancel are called once, with the cause', () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({}, internals)
    channel.offer('a')
    channel.close(cause)
    channel.close()
    channel.cancel()
    channel.cancel()

    expect(log).toEqual(['buffered', 'closed: why', 'cancelled: normally'])
  })

  it('onCancel is not called when everything has been received', async () => {
    const { log, ...internals } = owned()
    const channel = new BufferedChannel<string, Owner>({}, internals)
    channel.close()

    await channel.consumeEach(() => undefined)

    expect(log).toEqual(['closed: normally'])
  })

  it('admit decides what is stored, at the moment when the value is accepted', async () => {
    const admitted: string[] = []
    const internals = owned({
      admit: ({ log }, value) => {
        log.push(`admitted ${value}`)
        admitted.push(value)
        return value.toUpperCase()
      },
    })
    const channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)
    const handed = channel.receive()
    await channel.send('a')
    await channel.send('b')
    const waiting = channel.send('c')
    expect(admitted).toEqual(['a', 'b'])

    expect(await handed).toBe('A')
    expect(await channel.receive()).toBe('B')
    await waiting
    expect(admitted).toEqual(['a', 'b', 'c'])
    expect(await channel.receive()).toBe('C')
    channel.offer('d')
    expect(channel.takeNext()).toBe('d')
  })

  it('admit that throws rejects its sender alone; no receiver is lost', async () => {
    const internals = owned({
      admit: (_, value) => {
        if (value === 'bad') throw cause
        return value
      },
    })
    const channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)
    const received = channel.receive()
    expect(await rejection(channel.send('bad'))).toBe(cause)
    await channel.send('a')
    expect(await received).toBe('a')

    await channel.send('b')
    const bad = rejection(channel.send('bad'))
    const good = channel.send('c')
    expect(await channel.receive()).toBe('b')
    expect(await bad).toBe(cause)
    await good
    expect(await channel.receive()).toBe('c')

    const rendezvous = new BufferedChannel<string, Owner>({ capacity: 0 }, internals)
    const alsoBad = rejection(rendezvous.send('bad'))
    const alsoGood = rendezvous.send('d')
    expect(await rendezvous.receive()).toBe('d')
    expect(await alsoBad).toBe(cause)
    await alsoGood
  })

  it('hooks may call the channel: each value is taken once, in order', async () => {
    const taken: unknown[] = []
    let channel: BufferedChannel<string, Owner> | null = null
    const internals = owned({
      onBuffered: () => {
        const value = channel?.takeNext()
        if (value !== NOTHING) taken.push(value)
      },
    })
    channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)

    for (const value of ['a', 'b', 'c']) await channel.send(value)

    expect(taken).toEqual(['a', 'b', 'c'])
    expect(channel.size).toBe(0)
  })

  it('hooks may refill the channel from onRoom', () => {
    let next = 0
    let channel: BufferedChannel<string, Owner> | null = null
    const internals = owned({
      onRoom: () => {
        while (channel !== null && !channel.isFull && next < 10) channel.offer(`${next++}`)
      },
    })
    channel = new BufferedChannel<string, Owner>({ capacity: 2 }, internals)
    channel.offer('first')
    channel.offer('second')
    const taken: unknown[] = []

    for (let value = channel.takeNext(); value !== NOTHING; value = channel.takeNext()) {
      taken.push(value)
    }

    expect(taken.join(' ')).toBe('first second 0 1 2 3 4 5 6 7 8 9')
  })

  it('a channel that was cancelled by a hook refuses the senders that still wait', async () => {
    let channel: BufferedChannel<string, Owner> | null = null
    const internals = owned({ onBuffered: () => channel?.cancel(cause) })
    channel = new BufferedChannel<string, Owner>({ capacity: 1 }, internals)

    await channel.send('a')

    expect(await rejection(channel.send('b'))).toMatchObject({ value: 'b', cause })
    expect(channel.size).toBe(0)
  })

  it('isFull is false of an empty channel, also where maxBytes is 0', () => {
    const channel = new BufferedChannel<string>({ capacity: 2, maxBytes: 0, sizeOf })
    expect(channel.isFull).toBe(false)
    expect(channel.fits('a')).toBe(true)

    channel.offer('a')
    expect(channel.isFull).toBe(true)
    expect(channel.fits('b')).toBe(false)
  })
})
