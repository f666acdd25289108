import { describe, expect, it } from 'vitest'

import { capturedPromise, takeSettle } from '../../../src/channels/receiving/captured-promise.ts'

describe('capturedPromise()', () => {
  it('returns a promise that the function of takeSettle() resolves', async () => {
    const one = capturedPromise<number>()
    const settleOne = takeSettle<number>()
    const two = capturedPromise<number>()
    const settleTwo = takeSettle<number>()

    settleTwo(2)
    settleOne(1)

    expect(await Promise.all([one, two])).toEqual([1, 2])
  })

  it('rejects when it is settled with a rejected promise', async () => {
    const promise = capturedPromise<number>()

    takeSettle<number>()(Promise.reject(new Error('gone')))

    await expect(promise).rejects.toThrow('gone')
  })

  it('takeSettle() gives each function once', async () => {
    const promise = capturedPromise<number>()
    const settle = takeSettle<number>()

    takeSettle<number>()(7)
    settle(8)

    expect(await promise).toBe(8)
  })
})
