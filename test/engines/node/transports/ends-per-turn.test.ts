import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'

import { endsReported, reportEnd } from '../../../../src/engines/node/transports/ends-per-turn.ts'

/** Resolves in a later turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** A turn in which no end has been reported yet. */
async function freshTurn(): Promise<void> {
  await endsReported()
  await turn()
  await turn()
}

describe('reportEnd()', () => {
  it('tells 64 ends in one turn of the event loop, and the others in the next turns, in order', async () => {
    const told: number[] = []
    await freshTurn()

    for (let index = 0; index < 200; index++) {
      reportEnd({ tellEnd: () => void told.push(index) })
    }
    const counts = [told.length]
    while (told.length < 200) {
      await turn()
      counts.push(told.length)
    }

    expect(counts).toEqual([64, 128, 192, 200])
    expect(told).toEqual(Array.from({ length: 200 }, (_, index) => index))
  })

  it('tells in the async context of no connection what waits for its turn', async () => {
    const user = new AsyncLocalStorage<string>()
    const stores = new Set<string | undefined>()
    await freshTurn()

    user.run('alice', () => {
      for (let index = 0; index < 64; index++) reportEnd({ tellEnd: () => {} })
    })
    user.run('bob', () => reportEnd({ tellEnd: () => void stores.add(user.getStore()) }))
    await endsReported()

    expect([...stores]).toEqual([undefined])
  })
})

describe('endsReported()', () => {
  it('resolves when the last end has been told', async () => {
    let told = 0
    await freshTurn()
    for (let index = 0; index < 300; index++) reportEnd({ tellEnd: () => void told++ })

    await endsReported()

    expect(told).toBe(300)
  })
})
