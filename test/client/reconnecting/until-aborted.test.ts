import { describe, expect, it, vi } from 'vitest'

import { Deferred } from '../../../src/base/internal.ts'
import { untilAborted } from '../../../src/client/reconnecting/until-aborted.ts'

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
