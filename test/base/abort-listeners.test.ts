import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import {
  addAbortListener,
  removeAbortListener,
  untilAborted,
} from '../../src/base/abort-listeners.ts'
import { Deferred } from '../../src/base/deferred.ts'

describe('addAbortListener()', () => {
  it('gives a signal one listener, however many are added', () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 20; n++) addAbortListener(signal, () => {})

    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  })

  it('calls all of them, in order, once, when the signal fires', () => {
    const controller = new AbortController()
    const told: string[] = []
    const twice = (): void => void told.push('a')
    addAbortListener(controller.signal, twice)
    addAbortListener(controller.signal, () => told.push('b'))
    addAbortListener(controller.signal, twice)
    controller.abort()

    expect(told).toEqual(['a', 'b'])
  })

  it('does not call a listener that another one has removed before its turn', () => {
    const controller = new AbortController()
    const told: string[] = []
    const second = (): void => void told.push('second')
    addAbortListener(controller.signal, () => removeAbortListener(controller.signal, second))
    addAbortListener(controller.signal, second)
    controller.abort()

    expect(told).toEqual([])
  })
})

describe('removeAbortListener()', () => {
  it('leaves nothing at the signal when the last one goes, and may be followed by others', () => {
    const controller = new AbortController()
    const told: string[] = []
    const first = (): void => void told.push('first')
    addAbortListener(controller.signal, first)
    removeAbortListener(controller.signal, first)
    removeAbortListener(controller.signal, first)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    addAbortListener(controller.signal, () => told.push('second'))
    controller.abort()

    expect(told).toEqual(['second'])
  })
})

describe('untilAborted()', () => {
  it('settles as the promise does', async () => {
    const { signal } = new AbortController()

    await expect(untilAborted(signal, Promise.resolve(1))).resolves.toBe(1)
    await expect(untilAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  it('rejects with the reason of the signal, before and while it waits', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiting = untilAborted(controller.signal, new Deferred().promise)

    controller.abort(reason)

    await expect(waiting).rejects.toBe(reason)
    await expect(untilAborted(controller.signal, new Deferred().promise)).rejects.toBe(reason)
  })

  it('hands over what comes too late, and swallows what fails too late', async () => {
    const controller = new AbortController()
    const [value, failure] = [new Deferred<number>(), new Deferred<number>()]
    const late: number[] = []
    const waiting = [value, failure].map(({ promise }) =>
      untilAborted(controller.signal, promise, (each) => late.push(each)),
    )

    controller.abort(new Error('enough'))
    value.resolve(7)
    failure.reject(new Error('late'))

    await expect(Promise.allSettled(waiting)).resolves.toHaveLength(2)
    expect(late).toEqual([7])
  })

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')

    await untilAborted(signal, Promise.resolve())
    await untilAborted(signal, Promise.reject(new Error('no'))).catch(() => {})

    expect(add).toHaveBeenCalledTimes(2)
    expect(remove.mock.calls).toEqual(add.mock.calls)
  })
})
