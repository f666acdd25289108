import { describe, expect, it } from 'vitest'
import {
  type CloseEvent,
  type ClosePhase,
  mayReceiveData,
  maySendData,
  nextPhase,
} from '../../../src/protocol/closing/close-phase.ts'
import { LocalProtocolError } from '../../../src/protocol/errors.ts'

const PHASES: readonly ClosePhase[] = ['open', 'we-closed', 'peer-closed', 'agreed', 'gone']
const EVENTS: readonly CloseEvent[] = ['send-close', 'receive-close', 'transport-end']

/** Rows as PHASES, columns as EVENTS; `null` is no step. */
const EXPECTED: ReadonlyArray<ReadonlyArray<ClosePhase | null>> = [
  ['we-closed', 'peer-closed', 'gone'],
  [null, 'agreed', 'gone'],
  ['agreed', null, 'gone'],
  [null, null, 'gone'],
  [null, null, null],
]

describe('nextPhase()', () => {
  it('nextPhase() knows all 5 × 3 pairs', () => {
    const actual = PHASES.map((phase) => EVENTS.map((event) => step(phase, event)))

    expect(actual).toEqual(EXPECTED)
  })

  it('nextPhase() says which step is not legal', () => {
    expect(() => nextPhase('agreed', 'send-close')).toThrow(
      'Cannot apply send-close in phase "agreed"',
    )
  })
})

describe('maySendData(), mayReceiveData()', () => {
  it('maySendData() permits it until we have closed', () => {
    expect(PHASES.map(maySendData)).toEqual([true, false, true, false, false])
  })

  it('mayReceiveData() permits it until the peer has closed', () => {
    expect(PHASES.map(mayReceiveData)).toEqual([true, true, false, false, false])
  })
})

function step(phase: ClosePhase, event: CloseEvent): ClosePhase | null {
  try {
    return nextPhase(phase, event)
  } catch (error) {
    if (error instanceof LocalProtocolError) return null
    throw error
  }
}
