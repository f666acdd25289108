import { describe, expect, it } from 'vitest'

import { WaitingFrames, waitingFramesOf } from '../../../src/session/reading/waiting-frames.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'

function open() {
  const tasks: (() => void)[] = []
  const waiting = new WaitingFrames({
    ...memoryEnvironment(),
    deferPastIo: (task, argument) => void tasks.push(() => task(argument)),
  })
  const calls: string[] = []
  const queue = (name: string) => ({ ownPayloads: () => void calls.push(name) })
  return { waiting, tasks, calls, queue }
}

describe('WaitingFrames', () => {
  it('looks at all queues once, at the end of the turn', () => {
    const { waiting, tasks, calls, queue } = open()
    waiting.add(queue('a'))
    waiting.add(queue('b'))
    expect(calls).toEqual([])
    expect(tasks).toHaveLength(1)

    tasks[0]?.()
    expect(calls).toEqual(['a', 'b'])
  })

  it('begins another turn for what comes later', () => {
    const { waiting, tasks, calls, queue } = open()
    waiting.add(queue('a'))
    tasks[0]?.()
    waiting.add(queue('b'))
    tasks[1]?.()

    expect(calls).toEqual(['a', 'b'])
  })

  it('a queue that throws, which is a bug, leaves the queues behind it for the next turn', () => {
    const { waiting, tasks, calls, queue } = open()
    waiting.add({
      ownPayloads: () => {
        throw new Error('a bug')
      },
    })
    waiting.add(queue('a'))

    expect(tasks[0]).toThrow('a bug')
    expect(tasks).toHaveLength(2)
    tasks[1]?.()

    expect(calls).toEqual(['a'])
  })

  it('waitingFramesOf() is one object for each environment', () => {
    const environment = memoryEnvironment()

    expect(waitingFramesOf(environment)).toBe(waitingFramesOf(environment))
    expect(waitingFramesOf(environment)).not.toBe(waitingFramesOf(memoryEnvironment()))
  })
})
