import { describe, expect, it } from 'vitest'
import {
  MemoryPipe,
  PIPE_CAPACITY_BYTES,
  type PipeFaults,
} from '../../../src/engines/memory/memory-pipe.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'

/** A pipe with a reader that writes down what it is told. */
function pipe(faults: PipeFaults = {}): {
  readonly pipe: MemoryPipe
  readonly told: string[]
  readonly advance: (ms: number) => Promise<void>
} {
  const environment = memoryEnvironment()
  const told: string[] = []
  const made = new MemoryPipe(environment, faults, {
    arrived: (bytes) => told.push(bytes.length > 16 ? `${bytes.length} bytes` : toHex(bytes)),
    ended: () => told.push('end'),
    drained: () => told.push('drained'),
    // As a link does: nothing moves on it any more.
    reset: () => {
      told.push('reset')
      made.close()
    },
  })
  return { pipe: made, told, advance: (ms) => environment.clock.advance(ms) }
}

describe('MemoryPipe', () => {
  it('delivers what was written, in order, each write as a piece of its own, then the end', async () => {
    const { pipe: made, told } = pipe()
    made.read()

    made.write(hex('01 02'))
    made.write(hex('03'))
    made.end()
    expect(told).toEqual([])
    await settled()

    expect(told).toEqual(['01 02', '03', 'end'])
    expect(made.isEndDelivered).toBe(true)
  })

  it('copies what it is given', async () => {
    const { pipe: made, told } = pipe()
    const bytes = hex('01 02')
    made.read()

    made.write(bytes)
    bytes.fill(0)
    await settled()

    expect(told).toEqual(['01 02'])
  })

  it('lends what it delivers: it is overwritten afterwards', async () => {
    const kept: Uint8Array[] = []
    const made = new MemoryPipe(
      memoryEnvironment(),
      {},
      { arrived: (bytes) => kept.push(bytes), ended() {}, drained() {}, reset() {} },
    )
    made.read()

    made.write(hex('01 02'))
    await settled()

    expect(kept.map(toHex)).toEqual(['ee ee'])
  })

  it('keeps everything until there is a reader, and while it is paused', async () => {
    const { pipe: made, told } = pipe()

    made.write(hex('01'))
    await settled()
    expect(told).toEqual([])
    made.read()
    await settled()
    expect(told).toEqual(['01'])

    made.pause()
    made.write(hex('02'))
    made.end()
    await settled()
    expect(told).toEqual(['01'])
    made.read()
    await settled()
    expect(told).toEqual(['01', '02', 'end'])
  })

  it('answers queued beyond its capacity, and says when it has drained', async () => {
    const { pipe: made, told } = pipe()

    expect(made.write(new Uint8Array(PIPE_CAPACITY_BYTES))).toBe('taken')
    expect(made.queuedBytes).toBe(0)
    expect(made.write(new Uint8Array(17))).toBe('queued')
    expect(made.queuedBytes).toBe(17)
    made.read()
    await settled()

    expect(told).toEqual(['131072 bytes', 'drained', '17 bytes'])
  })

  it('delivers nothing after it was closed, and takes nothing after the end', async () => {
    const { pipe: made, told } = pipe()
    made.read()

    made.end()
    expect(made.write(hex('01'))).toBe('taken')
    made.close()
    await settled()

    expect(told).toEqual([])
  })

  it('delayMs: each write is under way that long, and the order is kept', async () => {
    const faults: PipeFaults = { delayMs: 100 }
    const { pipe: made, told, advance } = pipe(faults)
    made.read()

    made.write(hex('01'))
    await advance(40)
    faults.delayMs = 10
    made.write(hex('02'))
    made.end()
    await advance(59)
    expect(told).toEqual([])
    await advance(1)

    expect(told).toEqual(['01', '02', 'end'])
  })

  it('cut: says how long the next piece is, never empty and never more than there is', async () => {
    const atHand: number[] = []
    const sizes = [1, 0, 2.9, 100]
    const { pipe: made, told } = pipe({
      cut: (bytes) => {
        atHand.push(bytes)
        return sizes.shift() ?? Infinity
      },
    })
    made.read()

    made.write(hex('01 02 03 04 05 06'))
    made.write(hex('07'))
    await settled()

    expect(told).toEqual(['01', '02', '03 04', '05 06', '07'])
    expect(atHand).toEqual([6, 5, 4, 2, 1])
  })

  it.each([
    [0, ['reset']],
    [1, ['01', 'reset']],
    [3, ['01 02', '03', 'reset']],
  ])('resetAfterBytes: %i bytes arrive, then the reset', async (bytes, expected) => {
    const { pipe: made, told } = pipe({ resetAfterBytes: bytes })
    made.read()

    made.write(hex('01 02'))
    made.write(hex('03 04'))
    await settled()

    expect(told).toEqual(expected)
  })

  it.each(['stalled', 'silent'] as const)(
    '%s: nothing arrives until that is over',
    async (fault) => {
      const faults: PipeFaults = { [fault]: true }
      const { pipe: made, told } = pipe(faults)
      made.read()

      made.write(hex('01'))
      made.end()
      await settled()
      expect(told).toEqual([])

      faults[fault] = false
      made.schedule()
      await settled()
      expect(told).toEqual(['01', 'end'])
    },
  )
})
