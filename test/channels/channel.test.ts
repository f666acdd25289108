import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Channel } from '../../src/channels/channel.ts'
import type { ChannelOptions } from '../../src/channels/channel-settings.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../src/channels/errors.ts'
import type { ReceiveChannel } from '../../src/channels/receive-channel.ts'
import type { SendChannel } from '../../src/channels/send-channel.ts'
import { follow, type Outcome, settle } from './settled.ts'

describe('Channel', () => {
  it('Channel is both a send and a receive channel, of capacity 64', async () => {
    const channel = new Channel<number>()
    const outgoing: SendChannel<number> = channel
    const incoming: ReceiveChannel<number> = channel
    for (let value = 0; value < 64; value++) expect(outgoing.trySend(value)).toBe('sent')

    expect(outgoing.trySend(64)).toBe('full')
    expect(await incoming.receive()).toBe(0)
    expect(channel).toBeInstanceOf(Channel)
  })

  it('Channel does not show users the owner’s side', () => {
    const channel = new Channel<number>()

    // @ts-expect-error only the owner of a channel may go past its bounds
    expect(typeof channel.offer).toBe('function')
  })

  it('Channel rejects options that are out of range', () => {
    expect(() => new Channel({ capacity: -1 })).toThrow(RangeError)
    // @ts-expect-error it is a class
    expect(() => Channel()).toThrow('Cannot call Channel: expected new Channel()')
  })

  it('send() rejects when sizeOf gives no size, and the channel stays as it was', async () => {
    const channel = new Channel<string>({ sizeOf: () => NaN })

    await expect(channel.send('a')).rejects.toThrow('Cannot send: sizeOf returned NaN')
    expect(channel.tryReceive()).toEqual({ type: 'empty' })
  })

  it('S-22 consumeEach() returns normally when the channel ends', async () => {
    const channel = new Channel<string>()
    const seen: string[] = []
    await channel.send('a')
    channel.close()

    await channel.consumeEach((value) => seen.push(value))

    expect(seen).toEqual(['a'])
  })

  it('readable() and writable() are the channel as streams', async () => {
    const channel = new Channel<string>()
    const writer = channel.writable().getWriter()
    await writer.write('a')
    await writer.close()
    const seen: string[] = []

    for await (const value of channel.readable()) seen.push(value)

    expect(seen).toEqual(['a'])
  })

  it('first() takes one value and cancels', async () => {
    const channel = new Channel<string>()
    await channel.send('a')

    expect(await channel.first()).toBe('a')
    expect(channel.isClosedForReceive).toBe(true)
  })
})

/** A value with an identity, and a size in bytes. */
interface Barge {
  readonly id: number
  readonly bytes: number
}

type Command =
  | { readonly type: 'send' | 'trySend'; readonly bytes: number }
  | { readonly type: 'receive' | 'tryReceive' | 'next' | 'close' | 'cancel' }
  | { readonly type: 'abort'; readonly call: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: sending('send') },
  { weight: 3, arbitrary: sending('trySend') },
  { weight: 8, arbitrary: fc.constant({ type: 'receive' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'tryReceive' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'next' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('abort' as const), call: fc.nat({ max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ type: 'close' as const }, { type: 'cancel' as const }),
  },
)

function sending<K extends 'send' | 'trySend'>(type: K): fc.Arbitrary<{ type: K; bytes: number }> {
  return fc.record({ type: fc.constant(type), bytes: fc.nat({ max: 5 }) })
}

/** What a channel has to do, written down in the plainest way. */
class Model {
  readonly #capacity: number
  readonly #maxBytes: number
  #buffer: Barge[] = []
  #senders: { readonly call: number; readonly barge: Barge }[] = []
  #receivers: number[] = []
  #isClosed = false
  /** By call: what has become of it. */
  readonly outcomes: string[] = []

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity
    this.#maxBytes = maxBytes
  }

  apply(call: number, step: Command): void {
    this.outcomes[call] = 'pending'
    if (step.type === 'abort') this.#abort(step.call)
    else if (step.type === 'send') this.#send(call, { id: call, bytes: step.bytes })
    else if (step.type === 'trySend') this.#trySend(call, { id: call, bytes: step.bytes })
    else if (step.type === 'close') this.#close()
    else if (step.type === 'cancel') this.#cancel()
    else this.#receive(call, step.type === 'tryReceive')
  }

  #enter(barge: Barge): boolean {
    const receiver = this.#receivers.shift()
    if (receiver !== undefined) {
      this.outcomes[receiver] = `got ${barge.id}`
      return true
    }
    if (this.#senders.length > 0 || !this.#hasRoom(barge)) return false
    this.#buffer.push(barge)
    return true
  }

  #send(call: number, barge: Barge): void {
    if (this.#isClosed) this.outcomes[call] = `refused ${call}`
    else if (this.#enter(barge)) this.outcomes[call] = 'sent'
    else this.#senders.push({ call, barge })
  }

  #trySend(call: number, barge: Barge): void {
    if (this.#isClosed) this.outcomes[call] = 'closed'
    else this.outcomes[call] = this.#enter(barge) ? 'sent' : 'full'
  }

  #receive(call: number, isTry: boolean): void {
    const barge = this.#buffer.shift() ?? this.#takeFromSender()
    this.#letIn()
    if (barge !== null) this.outcomes[call] = `got ${barge.id}`
    else if (this.#isClosed) this.outcomes[call] = 'closed'
    else if (isTry) this.outcomes[call] = 'empty'
    else this.#receivers.push(call)
  }

  #takeFromSender(): Barge | null {
    const sender = this.#senders.shift()
    if (sender === undefined) return null
    this.outcomes[sender.call] = 'sent'
    return sender.barge
  }

  #abort(call: number): void {
    const waits =
      this.#receivers.includes(call) || this.#senders.some((sender) => sender.call === call)
    if (!waits) return
    this.outcomes[call] = 'aborted'
    this.#receivers = this.#receivers.filter((receiver) => receiver !== call)
    this.#senders = this.#senders.filter((sender) => sender.call !== call)
    this.#letIn()
  }

  #close(): void {
    this.#isClosed = true
    for (const { call } of this.#senders) this.outcomes[call] = `refused ${call}`
    for (const call of this.#receivers) this.outcomes[call] = 'closed'
    this.#senders = []
    this.#receivers = []
  }

  #cancel(): void {
    this.#buffer = []
    this.#close()
  }

  #letIn(): void {
    for (;;) {
      const [sender] = this.#senders
      if (sender === undefined || !this.#hasRoom(sender.barge)) return
      this.#senders.shift()
      this.#buffer.push(sender.barge)
      this.outcomes[sender.call] = 'sent'
    }
  }

  #hasRoom(barge: Barge): boolean {
    const held = this.#buffer.reduce((sum, { bytes }) => sum + bytes, 0)
    if (this.#buffer.length >= this.#capacity) return false
    return this.#buffer.length === 0 || held + barge.bytes <= this.#maxBytes
  }
}

/** The channel under test, driven by the same commands. */
class Driver {
  readonly #channel: Channel<Barge>
  readonly #iterator: AsyncIterator<Barge, undefined>
  readonly #controllers: AbortController[] = []
  readonly #outcomes: (() => string)[] = []

  constructor(options: ChannelOptions<Barge>) {
    this.#channel = new Channel(options)
    this.#iterator = this.#channel[Symbol.asyncIterator]()
  }

  get outcomes(): string[] {
    return this.#outcomes.map((outcome) => outcome())
  }

  apply(call: number, step: Command): void {
    const controller = new AbortController()
    const { signal } = controller
    this.#controllers.push(controller)
    this.#outcomes.push(this.#run(call, step, signal))
  }

  #run(call: number, step: Command, signal: AbortSignal): () => string {
    const channel = this.#channel
    switch (step.type) {
      case 'send':
        return describeOutcome(
          channel.send({ id: call, bytes: step.bytes }, { signal }),
          () => 'sent',
        )
      case 'trySend': {
        const answer = channel.trySend({ id: call, bytes: step.bytes })
        return () => answer
      }
      case 'receive':
        return describeOutcome(channel.receive({ signal }), (barge) => `got ${barge.id}`)
      case 'next': {
        const next = Promise.race([this.#iterator.next(), rejectOnAbort(signal)])
        return describeOutcome(next, ({ done, value }) =>
          done === true ? 'closed' : `got ${value.id}`,
        )
      }
      case 'tryReceive': {
        const answer = channel.tryReceive()
        return () => (answer.type === 'value' ? `got ${answer.value.id}` : answer.type)
      }
      case 'abort':
        this.#controllers[step.call]?.abort(ABORTED)
        return () => 'pending'
      case 'close':
        channel.close()
        return () => 'pending'
      case 'cancel':
        channel.cancel()
        return () => 'pending'
    }
  }
}

const ABORTED = new Error('aborted')

/** A step of an iteration cannot be aborted: those that would be are left out of the commands. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(ABORTED), { once: true })
  })
}

function describeOutcome<T>(
  promise: Promise<T>,
  describeValue: (value: T) => string,
): () => string {
  const outcome = follow(promise)
  return () => describeSettled(outcome(), describeValue)
}

function describeSettled<T>(outcome: Outcome<T>, describeValue: (value: T) => string): string {
  if (outcome.type === 'pending') return 'pending'
  if (outcome.type === 'value') return describeValue(outcome.value)
  const { error } = outcome
  if (error === ABORTED) return 'aborted'
  if (error instanceof ClosedReceiveChannelError) return 'closed'
  // The model numbers its values by the call that sent them.
  if (error instanceof ClosedSendChannelError) return `refused ${(error.value as Barge).id}`
  return `failed: ${String(error)}`
}

describe('any interleaving', () => {
  it('of send, receive, abort, close and cancel does what the model says: FIFO, nothing lost or doubled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1, 2, 3, Infinity),
        fc.constantFrom(0, 4, 8, Infinity),
        fc.boolean(),
        fc.array(command, { minLength: 5, maxLength: 40 }),
        async (capacity, maxBytes, settlesBetween, steps) => {
          const model = new Model(capacity, maxBytes)
          const driver = new Driver({ capacity, maxBytes, sizeOf: ({ bytes }) => bytes })
          for (const [call, step] of steps.entries()) {
            const isAbortOfNext = step.type === 'abort' && steps[step.call]?.type === 'next'
            const applied: Command = isAbortOfNext ? { type: 'tryReceive' } : step
            model.apply(call, applied)
            driver.apply(call, applied)
            if (settlesBetween) await settle()
          }
          await settle()

          expect(driver.outcomes).toEqual(model.outcomes)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
