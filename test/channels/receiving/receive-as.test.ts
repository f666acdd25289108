import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type ChannelEnd, NORMAL_END } from '../../../src/channels/channel-end.ts'
import { ClosedReceiveChannelError, ReceiveTimeoutError } from '../../../src/channels/errors.ts'
import {
  bare,
  receiveAs,
  result,
  step,
  tryReceiveFrom,
} from '../../../src/channels/receiving/receive-as.ts'
import { Basin } from './basin.ts'

const cause = new Error('why')
const detail = new Error('what happened')

describe('receiveAs() with a timeout', () => {
  it('receive({ timeout }) rejects with ReceiveTimeoutError when the time has passed, and takes nothing', async () => {
    const basin = new Basin()
    const pending = receiveAs(basin, bare<number>(), { timeout: { seconds: 10 } }, null)

    await basin.clock.advance(9999)
    const waitedUntilThen = basin.queue.first !== null
    await basin.clock.advance(1)
    basin.values.push(1)

    await expect(pending).rejects.toEqual(new ReceiveTimeoutError(10_000))
    expect(waitedUntilThen).toBe(true)
    expect(basin.queue.first).toBeNull()
    expect(await receiveAs(basin, bare<number>(), { timeout: 0 }, null)).toBe(1)
  })

  it('receive({ timeout }) leaves no timer behind after a value, the end or an abort', async () => {
    const basin = new Basin()
    const controller = new AbortController()
    const options = { timeout: 1000, signal: controller.signal }
    const value = receiveAs(basin, bare<number>(), options, null)
    basin.queue.shift()?.deliver(1)
    const end = receiveAs(basin, result<number>(), options, null)
    basin.queue.shift()?.end(NORMAL_END)
    const aborted = receiveAs(basin, bare<number>(), options, null)
    controller.abort(cause)

    expect(await value).toBe(1)
    expect(await end).toEqual({ type: 'closed', cause: null })
    await expect(aborted).rejects.toBe(cause)
    expect(basin.clock.pendingTimers).toBe(0)
  })

  it('receive({ timeout: Infinity }) sets no timer', () => {
    const basin = new Basin()

    void receiveAs(basin, bare<number>(), { timeout: Infinity }, null)

    expect(basin.clock.pendingTimers).toBe(0)
  })

  it('receive({ timeout }) rejects for an invalid timeout, also when a value is there', async () => {
    const basin = new Basin()
    basin.values.push(1)

    for (const timeout of [-1, NaN, {}, { seconds: -1 }, Object('10')]) {
      await expect(receiveAs(basin, bare<number>(), { timeout }, null)).rejects.toThrow(
        'Cannot receive: an option is invalid, expected { timeout, signal }',
      )
    }
    expect(basin.values).toEqual([1])
  })

  it('receive({ timeout }) that nobody awaits is no unhandled rejection', async () => {
    const basin = new Basin()

    void receiveAs(basin, bare<number>(), { timeout: 1000 }, null)
    await basin.clock.advance(1000)

    // An unhandled rejection fails the run of the tests.
    expect(basin.queue.first).toBeNull()
  })
})

describe('receiveAs()', () => {
  it('gives a value that is there in each form', async () => {
    const basin = new Basin()
    basin.values.push(1, 2, 3)

    expect(await receiveAs(basin, bare<number>(), undefined, null)).toBe(1)
    expect(await receiveAs(basin, result<number>(), undefined, null)).toEqual({
      type: 'value',
      value: 2,
    })
    expect(await receiveAs(basin, step<number>(), undefined, null)).toEqual({
      done: false,
      value: 3,
    })
  })

  it('gives a value that comes later in each form', async () => {
    const basin = new Basin()
    const pending = [
      receiveAs<number, unknown>(basin, bare<number>(), undefined, null),
      receiveAs<number, unknown>(basin, result<number>(), undefined, null),
      receiveAs<number, unknown>(basin, step<number>(), undefined, null),
    ]

    for (const value of [1, 2, 3]) basin.queue.shift()?.deliver(value)

    expect(await Promise.all(pending)).toEqual([
      1,
      { type: 'value', value: 2 },
      { done: false, value: 3 },
    ])
  })

  it.each(['before', 'during'])(
    'gives a normal end that came %s the wait in each form',
    async (when) => {
      const basin = new Basin()
      const end: ChannelEnd = { cause: null, detail }
      if (when === 'before') basin.end = end
      const asBare = receiveAs(basin, bare<number>(), undefined, null)
      const asResult = receiveAs(basin, result<number>(), undefined, null)
      const asStep = receiveAs(basin, step<number>(), undefined, null)
      for (let count = 0; count < 3; count++) basin.queue.shift()?.end(end)

      const error = await asBare.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ClosedReceiveChannelError)
      expect(error).toHaveProperty('cause', detail)
      expect(await asResult).toEqual({ type: 'closed', cause: null })
      expect(await asStep).toEqual({ done: true, value: undefined })
    },
  )

  it.each(['before', 'during'])(
    'gives an end with a cause that came %s the wait in each form',
    async (when) => {
      const basin = new Basin()
      const end: ChannelEnd = { cause, detail: null }
      if (when === 'before') basin.end = end
      const asBare = receiveAs(basin, bare<number>(), undefined, null)
      const asResult = receiveAs(basin, result<number>(), undefined, null)
      const asStep = receiveAs(basin, step<number>(), undefined, null)
      for (let count = 0; count < 3; count++) basin.queue.shift()?.end(end)

      await expect(asBare).rejects.toBe(cause)
      expect(await asResult).toEqual({ type: 'closed', cause })
      await expect(asStep).rejects.toBe(cause)
    },
  )

  it('rejects with the reason of a signal that has aborted already, and takes nothing', async () => {
    const basin = new Basin()
    basin.values.push(1)

    const pending = receiveAs(basin, bare<number>(), { signal: AbortSignal.abort(cause) }, null)

    await expect(pending).rejects.toBe(cause)
    expect(basin.values).toEqual([1])
  })

  it('leaves the queue when the signal aborts, and rejects with its reason', async () => {
    const basin = new Basin()
    const controller = new AbortController()
    const pending = receiveAs(basin, bare<number>(), { signal: controller.signal }, null)

    controller.abort(cause)

    await expect(pending).rejects.toBe(cause)
    expect(basin.queue.first).toBeNull()
  })

  it('leaves no listener on the signal, however the wait ends', async () => {
    const basin = new Basin()
    const controller = new AbortController()
    const { signal } = controller
    const wait = (): Promise<unknown> =>
      receiveAs(basin, bare<number>(), { signal }, null).catch(() => undefined)

    const delivered = wait()
    expect(getEventListeners(signal, 'abort').length).toBe(1)
    basin.queue.shift()?.deliver(1)
    expect(getEventListeners(signal, 'abort').length).toBe(0)

    const ended = wait()
    basin.queue.shift()?.end({ cause, detail: null })
    expect(getEventListeners(signal, 'abort').length).toBe(0)

    basin.values.push(1)
    const ready = wait()
    expect(getEventListeners(signal, 'abort').length).toBe(0)

    const aborted = wait()
    controller.abort()
    expect(getEventListeners(signal, 'abort').length).toBe(0)
    await Promise.all([delivered, ended, ready, aborted])
  })
})

describe('tryReceiveFrom()', () => {
  it('answers with the value, with empty, or with the end and its cause', () => {
    const basin = new Basin()
    expect(tryReceiveFrom(basin)).toEqual({ type: 'empty' })

    basin.values.push(1)
    expect(tryReceiveFrom(basin)).toEqual({ type: 'value', value: 1 })

    basin.end = NORMAL_END
    expect(tryReceiveFrom(basin)).toEqual({ type: 'closed', cause: null })

    basin.end = { cause, detail: null }
    expect(tryReceiveFrom(basin)).toEqual({ type: 'closed', cause })
  })

  it('receiveAs() rejects options of another shape, which would wait without a limit', async () => {
    const basin = new Basin()

    for (const options of [5000, null, { timeoutMs: 5 }]) {
      // Each of them is a mistake that the types catch as well.
      const received = receiveAs(
        basin,
        bare<number>(),
        options as unknown as { timeout: number },
        null,
      )
      await expect(received).rejects.toThrow(
        options === null ? TypeError : 'an option is invalid, expected { timeout, signal }',
      )
    }
  })
})
