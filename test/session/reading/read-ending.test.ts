import { describe, expect, it } from 'vitest'

import { ReadEnding } from '../../../src/session/reading/read-ending.ts'

/** Deferred tasks run when the test says so. */
function open() {
  const tasks: Array<() => void> = []
  const environment = {
    defer: <T>(task: (argument: T) => void, argument: T): void => {
      tasks.push(() => task(argument))
    },
  }
  const run = (): void => {
    for (const task of tasks.splice(0)) task()
  }
  return { ending: new ReadEnding(), environment, run }
}

describe('ReadEnding', () => {
  it('concludeWith() lets microtasks that were started before run first', async () => {
    const { ending, environment, run } = open()
    const order: string[] = []
    void Promise.resolve().then(() => order.push('handler'))

    ending.concludeWith(() => order.push('conclusion'), environment)
    expect(order).toEqual([])
    await Promise.resolve()
    run()

    expect(order).toEqual(['handler', 'conclusion'])
  })

  it('conclude() does not wait, and the conclusion is drawn once', async () => {
    const { ending, environment, run } = open()
    let count = 0
    ending.concludeWith(() => count++, environment)

    ending.conclude()
    expect(count).toBe(1)
    ending.conclude()
    await Promise.resolve()
    run()

    expect(count).toBe(1)
  })
})
