import { expect, it } from 'vitest'
import { Deferred } from '../../src/base/internal.ts'
import { PublishOrder } from '../../src/topics/publish-order.ts'

it('PublishOrder begins in the order of the calls, and ends a turn when it has begun', async () => {
  const order = new PublishOrder()
  const [first, second, third] = [
    new Deferred<string>(),
    new Deferred<string>(),
    new Deferred<string>(),
  ]
  const begun: string[] = []
  const publish = async (value: string): Promise<string> => {
    begun.push(value)
    return Promise.resolve(value)
  }
  const results = [first, second, third].map((each) => order.inTurn('a', each.promise, publish))

  third.resolve('third')
  second.reject(new Error('invalid'))
  const failed = results[1]?.catch((error: unknown) => error)
  await Promise.resolve()
  expect(begun).toEqual([])
  first.resolve('first')
  expect(await failed).toMatchObject({ message: 'invalid' })
  await Promise.all([results[0], results[2]])

  expect(begun).toEqual(['first', 'third'])
  expect(order.isBusy('a')).toBe(false)
})
