import { expect, it } from 'vitest'

import type { Environment } from '../../src/base/internal.ts'
import { PerTurn } from '../../src/base/per-turn.ts'

/** An environment whose turns end when the test says so. */
function turns() {
  const tasks: (() => void)[] = []
  const deferPastIo: Environment['deferPastIo'] = (task, argument) =>
    void tasks.push(() => task(argument))
  return {
    environment: { deferPastIo },
    end: (): number => {
      for (const task of tasks.splice(0)) task()
      return tasks.length
    },
  }
}

it('PerTurn handles as many items as its limit in a turn, the others in later turns, in order', () => {
  const { environment, end } = turns()
  const handled: number[] = []
  const queue = new PerTurn<number>(environment, 3, (item) => handled.push(item))

  for (let item = 1; item <= 5; item++) queue.add(item)
  expect(handled).toEqual([1, 2, 3])
  end()
  expect(handled).toEqual([1, 2, 3, 4, 5])
  queue.add(6)
  queue.add(7)
  expect(handled).toEqual([1, 2, 3, 4, 5, 6])
  end()
  expect(handled).toEqual([1, 2, 3, 4, 5, 6, 7])
})

it('PerTurn schedules nothing once there is nothing to handle', () => {
  const { environment, end } = turns()
  const queue = new PerTurn<number>(environment, 3, () => {})

  queue.add(1)

  expect(end()).toBe(0)
})

it('PerTurn handles the items behind one whose handler throws, in order', () => {
  const { environment, end } = turns()
  const handled: number[] = []
  const queue = new PerTurn<number>(environment, 2, (item) => {
    handled.push(item)
    if (item === 3) throw new Error('broken')
  })
  for (let item = 1; item <= 6; item++) queue.add(item)

  expect(end).toThrow('broken')
  expect(queue.isIdle).toBe(false)
  end()
  end()

  expect(handled).toEqual([1, 2, 3, 4, 5, 6])
  expect(queue.isIdle).toBe(true)
})
