import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ClosedSendChannelError } from 'towpath'
import { describe, expect, it, vi } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { InvalidMessageError } from '../../../src/messages/errors.ts'
import { type Check, checkOf } from '../../../src/schema/index.ts'
import { Order } from '../../../src/messages/link/order.ts'
import { ignore } from '../../../src/messages/link/outbox.ts'

function setUp() {
  const sent: unknown[] = []
  const order = new Order({ side: 'server', contract: null, validatesOutgoing: true })
  const transmit = (value: unknown): Promise<void> => {
    sent.push(value)
    return Promise.resolve()
  }
  const send = (value: unknown, check: Check | null = null): Promise<void> =>
    order.inOrder('say', check, value, transmit, ignore)
  return { order, sent, send, transmit }
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

describe('Order', () => {
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
    const { order, send, sent, transmit } = setUp()
    let withdraw: (reason?: unknown) => void = ignore
    const given = order.inOrder('say', slow().schema, 'a', transmit, (w) => (withdraw = w))
    const next = send('b')
    withdraw(new Error('given up'))

    await expect(given).rejects.toThrow('given up')
    await next
    expect(sent).toEqual(['b'])
  })

  it('listens to the signal of a message only while the message waits', async () => {
    const { order, sent, transmit } = setUp()
    const controller = new AbortController()
    const { signal } = controller
    const remove = vi.spyOn(signal, 'removeEventListener')
    const add = vi.spyOn(signal, 'addEventListener')
    const { schema, answers } = slow()
    await order.sendInOrder('say', null, 'a', transmit, signal)
    expect(add).not.toHaveBeenCalled()

    const waiting = order.sendInOrder('say', schema, 'b', transmit, signal)
    answers[0]?.resolve({ value: 'b' })
    await waiting
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1])

    const withdrawn = order.sendInOrder('say', schema, 'c', transmit, signal)
    controller.abort(new Error('given up'))
    await expect(withdrawn).rejects.toThrow('given up')
    expect(sent).toEqual(['a', 'b'])
  })

  it('rejects what still waits when the session is over, with nothing unhandled', async () => {
    const { order, send, sent } = setUp()
    const waiting = send('a', slow().schema)
    void send('b')
    order.end(() => Promise.resolve())

    await expect(waiting).rejects.toThrow(ClosedSendChannelError)
    expect(sent).toEqual([])
  })

  it('M-04 validates for trySend at once, and says while messages wait', async () => {
    const { order, send } = setUp()
    const { schema, answers } = slow()
    expect([order.validateNow('say', null, 'a'), order.isWaiting]).toEqual(['a', false])
    const first = send('b', schema)
    expect(order.isWaiting).toBe(true)
    expect(() => order.validateNow('say', schema, 'd')).toThrow('validates asynchronously')
    answers[0]?.resolve({ value: 'b' })
    await first

    expect(order.isWaiting).toBe(false)
  })
})
