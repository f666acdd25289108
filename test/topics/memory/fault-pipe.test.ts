import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { FaultPipe } from '../../../src/topics/memory/fault-pipe.ts'

describe('FaultPipe', () => {
  it('delivers at once, and in order from inside a delivery', () => {
    const pipe = new FaultPipe(createTestEnvironment(1))
    const seen: string[] = []

    pipe.push(() => {
      pipe.push(() => seen.push('second'))
      seen.push('first')
    })

    expect(seen).toEqual(['first', 'second'])
  })

  it('delivers late and in order, also when the delay gets shorter', async () => {
    const environment = createTestEnvironment(1)
    const pipe = new FaultPipe(environment)
    const seen: string[] = []

    pipe.delayMs = 100
    pipe.push(() => seen.push('late'))
    pipe.delayMs = 0
    pipe.push(() => seen.push('next'))
    await environment.clock.advance(99)
    expect(seen).toEqual([])
    await environment.clock.advance(1)

    expect(seen).toEqual(['late', 'next'])
  })

  it('holds everything back while it is stalled, and loses it when it is cleared', () => {
    const pipe = new FaultPipe(createTestEnvironment(1))
    const seen: string[] = []

    pipe.stall()
    pipe.push(() => seen.push('held'))
    expect(seen).toEqual([])
    pipe.resume()
    pipe.stall()
    pipe.push(() => seen.push('lost'))
    pipe.clear()
    pipe.resume()

    expect(seen).toEqual(['held'])
  })
})
