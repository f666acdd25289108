import { describe, expect, it } from 'vitest'
import { SeenTail } from '../../../src/brokers/nats/seen-tail.ts'

describe('SeenTail', () => {
  it('keeps the highest sequence, and the newest event whose id is known', () => {
    const seen = new SeenTail()

    seen.saw(5, 'five')
    seen.saw(3, 'three')
    seen.saw(9, '')

    expect(seen).toMatchObject({ highest: 9, witness: 5, witnessId: 'five' })
  })
})
