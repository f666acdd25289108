import { describe, expect, it } from 'vitest'
import type { BrokerState } from '../../src/topics/index.ts'
import { OutageLog } from '../../src/topics/outage-log.ts'

const DOWN: BrokerState = { state: 'down', since: 5, cause: new Error('refused') }

/** What a logger was told while a broker went through `states`. */
function logOf(states: readonly BrokerState[]): unknown[][] {
  const lines: unknown[][] = []
  const outages = new OutageLog({
    debug: (...line) => lines.push(['debug', ...line]),
    info: (...line) => lines.push(['info', ...line]),
    warn: (...line) => lines.push(['warn', ...line]),
    error: (...line) => lines.push(['error', ...line]),
  })
  for (const state of states) outages.changed(state)
  return lines
}

describe('OutageLog', () => {
  it('writes one warning with the cause for each outage, and another one when it is over', () => {
    const lines = logOf([{ state: 'up' }, DOWN, DOWN, { state: 'up' }, { state: 'up' }, DOWN])

    expect(lines).toEqual([
      ['warn', { err: new Error('refused') }, 'The broker of topics is down'],
      ['warn', {}, 'The broker of topics is up again'],
      ['warn', { err: new Error('refused') }, 'The broker of topics is down'],
    ])
  })

  it('writes another warning when the cause changes, and counts one outage', () => {
    const lines: unknown[] = []
    const ignore = (): void => {}
    const warn = (...line: unknown[]): void => void lines.push(line[0])
    const outages = new OutageLog({ debug: ignore, info: ignore, warn, error: ignore })
    const old = new Error('it is too old')
    for (const state of [DOWN, { ...DOWN, cause: old }]) outages.changed(state)

    expect(lines).toEqual([{ err: new Error('refused') }, { err: old }])
    expect(outages.outages).toBe(1)
  })

  it('counts outages and returns', () => {
    const ignore = (): void => {}
    const outages = new OutageLog({ debug: ignore, info: ignore, warn: ignore, error: ignore })
    const up: BrokerState = { state: 'up' }
    for (const state of [up, DOWN, DOWN, up, up, DOWN]) outages.changed(state)

    expect(outages).toMatchObject({ outages: 2, reconnects: 1 })
  })

  it('writes a warning for a broker that was never up', () => {
    expect(logOf([{ state: 'connecting' }, DOWN])).toHaveLength(1)
  })

  it('writes nothing for a broker that comes up, or is closed', () => {
    expect(logOf([{ state: 'connecting' }, { state: 'up' }, { state: 'closed' }])).toEqual([])
  })

  it('is not disturbed by a logger that throws', () => {
    const fail = (): never => {
      throw new Error('full')
    }
    const outages = new OutageLog({ debug: fail, info: fail, warn: fail, error: fail })

    expect(() => outages.changed(DOWN)).not.toThrow()
    expect(() => outages.changed({ state: 'up' })).not.toThrow()
  })
})
