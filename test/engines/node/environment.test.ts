import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'

import { describe, expect, it } from 'vitest'

import { createEnvironment } from '../../../src/engines/node/environment.ts'

describe('createEnvironment()', () => {
  it('random fills what it is given, differently each time, across the edge of its pool', () => {
    const { random } = createEnvironment()
    const seen = new Set<string>()

    for (let draw = 0; draw < 2000; draw++)
      seen.add(Buffer.from(random(new Uint8Array(9))).toString('hex'))

    expect(seen.size).toBe(2000)
  })

  it('random fills more than its pool holds', () => {
    const target = createEnvironment().random(new Uint8Array(100_000))

    expect(new Set(target).size).toBe(256)
    expect(target.subarray(-64).every((byte) => byte === 0)).toBe(false)
  })

  it('random returns the very memory that it was given', () => {
    const target = new Uint8Array(4)

    expect(createEnvironment().random(target)).toBe(target)
  })

  it('defer runs after the microtasks and before timers and I/O, in order', async () => {
    const { defer } = createEnvironment()
    const order: string[] = []

    await new Promise<void>((resolve) => {
      setImmediate(() => {
        setImmediate(() => {
          order.push('immediate')
          resolve()
        })
        defer((word) => order.push(word), 'first')
        defer((word) => order.push(word), 'second')
        order.push('now')
      })
    })

    expect(order).toEqual(['now', 'first', 'second', 'immediate'])
  })

  it('deferPastIo runs when the I/O that was ready has been handled, in order', async () => {
    const { deferPastIo } = createEnvironment()
    const order: string[] = []

    await new Promise<void>((resolve) => {
      // The completion of a read is I/O of the turn of the loop that sees it.
      const pending = ['a', 'b'].map((name) =>
        stat(tmpdir()).then(() => {
          order.push(name)
        }),
      )
      void Promise.race(pending).then(() => {
        deferPastIo((word) => order.push(word), 'first')
        deferPastIo((word) => {
          order.push(word)
          resolve()
        }, 'second')
        process.nextTick(() => order.push('tick'))
      })
    })

    expect(order.slice(-2)).toEqual(['first', 'second'])
    expect(order.indexOf('tick')).toBeLessThan(order.indexOf('first'))
  })
})
