/**
 * What typed messages leave behind on the heap.
 */

import { queryObjects } from 'node:v8'
import { defineContract } from 'towpath/messages'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Ask } from '../src/messages/link/ask.ts'
import { ignore } from '../src/messages/link/outbox.ts'
import { Served } from '../src/messages/link/served.ts'
import { linkPair } from './support/link-pair.ts'

const contract = defineContract({
  name: 'c',
  client: { echo: { request: z.string(), response: z.string() } },
})

const { stackTraceLimit } = Error

// The stacks of 100 000 errors would cost more than the rest.
beforeAll(() => {
  Error.stackTraceLimit = 0
})

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit
})

describe('the heap', () => {
  it('M-12 keeps nothing of 100 000 requests that timed out, on either side', async () => {
    const release: Array<(value: string) => void> = []
    const { clock, client } = linkPair(contract, {
      // Ignores its signal, and ends later.
      echo: () => new Promise((resolve) => release.push(resolve)),
    })
    const timers = clock.pendingTimers
    const count = (of: typeof Ask | typeof Served): number | string[] =>
      queryObjects(of, { format: 'count' })
    const ask = (): Array<Promise<unknown>> => {
      const outcomes = Array.from({ length: 50 }, () => client.ask('echo', 'a', 1).result)
      for (const outcome of outcomes) outcome.catch(ignore)
      return outcomes
    }
    const timeOut = async (outcomes: Array<Promise<unknown>>, look = ignore): Promise<void> => {
      look()
      await clock.advance(1)
      for (const each of release.splice(0)) each('too late')
      await Promise.allSettled(outcomes)
    }

    let inFlight: unknown
    await timeOut(ask(), () => (inFlight = count(Ask)))
    for (let batch = 1; batch < 2000; batch++) await timeOut(ask())
    await clock.advance(1)

    expect(inFlight).toBe(50)
    expect(clock.pendingTimers).toBe(timers)
    // Counted by the garbage collector: what is reachable from anywhere.
    expect([count(Ask), count(Served)]).toEqual([0, 0])
  })
})
