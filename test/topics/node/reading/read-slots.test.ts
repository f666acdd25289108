import { expect, it } from 'vitest'
import { Deferred } from '../../../../src/base/internal.ts'
import { ReadSlots } from '../../../../src/topics/node/reading/read-slots.ts'

it('ReadSlots runs a few reads at a time, in order, also when they fail', async () => {
  const slots = new ReadSlots(2)
  const reads = Array.from({ length: 4 }, () => new Deferred<number>())
  const started: number[] = []
  const results = reads.map((read, index) =>
    slots.run(() => {
      started.push(index)
      return read.promise
    }),
  )
  expect(started).toEqual([0, 1])

  reads[1]?.reject(new Error('failed'))
  await expect(results[1]).rejects.toThrow('failed')
  expect(started).toEqual([0, 1, 2])
  reads[0]?.resolve(0)
  await results[0]
  for (const read of reads) read.resolve(1)
  await Promise.all(results.slice(2))

  expect(started).toEqual([0, 1, 2, 3])
})
