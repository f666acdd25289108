import { describe, expect, it } from 'vitest'
import { Deferred, rejected, whenKnown } from '../../src/base/deferred.ts'

describe('Deferred', () => {
  it('resolve() settles the promise with the value', async () => {
    const deferred = new Deferred<number>()
    expect(deferred.isSettled).toBe(false)

    expect(deferred.resolve(1)).toBe(true)

    expect(deferred.isSettled).toBe(true)
    expect(await deferred.promise).toBe(1)
  })

  it('reject() makes the promise reject with the reason', async () => {
    const deferred = new Deferred<number>()

    expect(deferred.reject(new Error('no'))).toBe(true)

    expect(deferred.isSettled).toBe(true)
    await expect(deferred.promise).rejects.toThrow('no')
  })

  it('resolve() and reject() after the first say false and change nothing', async () => {
    const deferred = new Deferred<number>()
    deferred.resolve(1)

    expect(deferred.resolve(2)).toBe(false)
    expect(deferred.reject(new Error('no'))).toBe(false)

    expect(await deferred.promise).toBe(1)
  })

  it('rejected() is rejected with the reason, which need not be an Error', async () => {
    await expect(rejected('because')).rejects.toBe('because')
  })
})

describe('whenKnown()', () => {
  it('goes on at once with a value, and later with a promise', async () => {
    expect(whenKnown(1, (value) => value + 1)).toBe(2)
    expect(await whenKnown(Promise.resolve(1), (value) => value + 1)).toBe(2)
    await expect(whenKnown(Promise.reject(new Error('no')), () => 1)).rejects.toThrow('no')
  })
})
