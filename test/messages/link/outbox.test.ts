import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ClosedSendChannelError } from 'towpath'
import { describe, expect, it, vi } from 'vitest'
import { VirtualClock } from '../../../src/base/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { json } from '../../../src/messages/codec.ts'
import { InvalidMessageError } from '../../../src/messages/errors.ts'
import { type Check, checkOf } from '../../../src/schema/index.ts'
import { ignore, Outbox } from '../../../src/messages/link/outbox.ts'
import type { Wire } from '../../../src/messages/link/port.ts'

function setUp(isFull = false) {
  const sent: Wire[] = []
  const port = {
    clock: new VirtualClock(),
    trySend: vi.fn((wire: Wire) => {
      if (isFull) return 'full' as const
      sent.push(wire)
      return 'sent' as const
    }),
    send: vi.fn((wire: Wire) => {
      sent.push(wire)
      return Promise.resolve()
    }),
    fail: ignore,
    report: ignore,
  }
  const outbox = new Outbox(port, {
    codec: json,
    validatesOutgoing: true,
  })
  const transmit = (value: unknown): Promise<void> => port.send(String(value))
  const send = (value: unknown, check: Check | null = null): Promise<void> =>
    outbox.inOrder('say', check, value, transmit, ignore)
  return { outbox, port, sent, send, transmit }
}

/** A schema that answers when it is told to. */
function slow() {
  const answers: Array<Deferred<StandardSchemaV1.Result<unknown>>> = []
  const schema: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        const answer = new Deferred<StandardSchemaV1.Result<unknown>>()
        answers.push(answer)
        return answer.promise
      },
    },
  }
  return { schema: checkOf(schema), answers }
}

describe('Outbox', () => {
  it('M-03 keeps the order of the calls where schemas validate asynchronously, out of order', async () => {
    const { send, sent } = setUp()
    const { schema, answers } = slow()
    const all = [send('a', schema), send('b', schema), send('c')]

    answers[1]?.resolve({ value: 'b' })
    for (let turn = 0; turn < 9; turn++) await Promise.resolve()
    expect(sent).toEqual([])
    answers[0]?.resolve({ value: 'a' })
    await Promise.all(all)

    expect(sent).toEqual(['a', 'b', 'c'])
  })

  it('M-03 sends at once, without a promise of its own, where no schema is awaited', () => {
    const { send, sent } = setUp()
    void send('a')

    expect(sent).toEqual(['a'])
  })

  it('goes on behind a message that is invalid, and one whose schema throws', async () => {
    const { send, sent } = setUp()
    const { schema, answers } = slow()
    const [invalid, broken, good] = [send('a', schema), send('b', schema), send('c')]
    answers[0]?.resolve({ issues: [{ message: 'no' }] })
    answers[1]?.reject(new RangeError('broken'))

    await expect(invalid).rejects.toThrow(InvalidMessageError)
    await expect(broken).rejects.toThrow(new RangeError('broken'))
    await good
    expect(sent).toEqual(['c'])
  })

  it('goes on behind a message that is withdrawn while its schema hangs', async () => {
    const { outbox, send, sent, transmit } = setUp()
    let withdraw: (reason?: unknown) => void = ignore
    const given = outbox.inOrder('say', slow().schema, 'a', transmit, (w) => (withdraw = w))
    const next = send('b')
    withdraw(new Error('given up'))

    await expect(given).rejects.toThrow('given up')
    await next
    expect(sent).toEqual(['b'])
  })

  it('listens to the signal of a message only while the message waits', async () => {
    const { outbox, sent, transmit } = setUp()
    const controller = new AbortController()
    const { signal } = controller
    const remove = vi.spyOn(signal, 'removeEventListener')
    const add = vi.spyOn(signal, 'addEventListener')
    const { schema, answers } = slow()
    await outbox.sendInOrder('say', null, 'a', transmit, signal)
    expect(add).not.toHaveBeenCalled()

    const waiting = outbox.sendInOrder('say', schema, 'b', transmit, signal)
    answers[0]?.resolve({ value: 'b' })
    await waiting
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1])

    const withdrawn = outbox.sendInOrder('say', schema, 'c', transmit, signal)
    controller.abort(new Error('given up'))
    await expect(withdrawn).rejects.toThrow('given up')
    expect(sent).toEqual(['a', 'b'])
  })

  it('rejects what still waits when the session is over, with nothing unhandled', async () => {
    const { outbox, send, sent } = setUp()
    const waiting = send('a', slow().schema)
    void send('b')
    outbox.end()

    await expect(waiting).rejects.toThrow(ClosedSendChannelError)
    expect(sent).toEqual([])
  })

  it('M-04 trySend never waits', async () => {
    const { outbox, send, sent } = setUp()
    expect(outbox.trySend('say', null, 'a')).toBe('sent')
    const { schema, answers } = slow()
    const first = send('b', schema)
    expect(outbox.trySend('say', null, 'c')).toBe('full')
    expect(() => outbox.trySend('say', schema, 'd')).toThrow('validates asynchronously')
    answers[0]?.resolve({ value: 'b' })
    await first

    expect(sent).toEqual(['{"type":"say","data":"a"}', 'b'])
  })

  it('posts an answer by way of send where the queue of the session is full', async () => {
    const { outbox, port, sent } = setUp(true)
    await outbox.post({ type: '.response', id: 1 })

    expect(port.send).toHaveBeenCalledTimes(1)
    expect(sent).toEqual(['{"type":".response","id":1}'])
  })

  it('never rejects for an answer that comes when the session is over', async () => {
    const { outbox, port } = setUp(true)
    port.send.mockRejectedValue(new ClosedSendChannelError(undefined))

    await outbox.post({ type: '.response', id: 1 })
  })

  it('encodes bytes as a frame of the id, in big-endian, and the payload', () => {
    const { outbox } = setUp()

    expect(outbox.encodeItem(0x01020304, new Uint8Array([9, 8]))).toEqual(
      new Uint8Array([1, 2, 3, 4, 9, 8]),
    )
    expect(outbox.encodeItem(1, { n: 1 })).toBe('{"type":".item","id":1,"data":{"n":1}}')
  })
})
