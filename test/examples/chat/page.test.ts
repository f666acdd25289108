/**
 * What the chat's page keeps across connections, and when it tries again: its modules without a
 * screen.
 */

import { describe, expect, it } from 'vitest'
import { retryDelay } from '../../../examples/chat/public/connection.js'
import { MAX_UNCONFIRMED, Transcript } from '../../../examples/chat/public/transcript.js'

function messages(from: number, to: number): { id: number; ref: string }[] {
  return Array.from({ length: to - from + 1 }, (_, n) => ({ id: from + n, ref: `ref-${from + n}` }))
}

describe('Transcript', () => {
  it('Transcript.welcome() shows the whole history at first', () => {
    const transcript = new Transcript()

    const shown = transcript.welcome({ epoch: 'one', history: messages(1, 3) })

    expect(shown).toEqual({ fresh: messages(1, 3), restarted: false, missed: 0 })
  })

  it('Transcript.welcome() shows after a break what was not seen before', () => {
    const transcript = new Transcript()
    transcript.welcome({ epoch: 'one', history: messages(1, 3) })
    transcript.said({ id: 4, ref: 'ref-4' })

    const shown = transcript.welcome({ epoch: 'one', history: messages(1, 6) })

    expect(shown).toEqual({ fresh: messages(5, 6), restarted: false, missed: 0 })
  })

  it('Transcript.welcome() counts what the history no longer holds', () => {
    const transcript = new Transcript()
    transcript.welcome({ epoch: 'one', history: messages(1, 3) })

    const shown = transcript.welcome({ epoch: 'one', history: messages(11, 60) })

    expect(shown).toEqual({ fresh: messages(11, 60), restarted: false, missed: 7 })
  })

  it('Transcript.welcome() begins anew in another epoch', () => {
    const transcript = new Transcript()
    transcript.welcome({ epoch: 'one', history: messages(1, 30) })

    const shown = transcript.welcome({ epoch: 'two', history: messages(1, 2) })

    expect(shown).toEqual({ fresh: messages(1, 2), restarted: true, missed: 0 })
  })

  it('Transcript.said() takes a message once', () => {
    const transcript = new Transcript()

    expect(transcript.said({ id: 1, ref: 'ref-1' })).toBe(true)
    expect(transcript.said({ id: 1, ref: 'ref-1' })).toBe(false)
  })

  it('Transcript.keep() keeps own messages until they come back, live or in the history', () => {
    const transcript = new Transcript()
    transcript.keep('ref-1', 'one')
    transcript.keep('ref-2', 'two')
    transcript.keep('ref-3', 'three')

    transcript.said({ id: 1, ref: 'ref-1' })
    transcript.welcome({ epoch: 'one', history: messages(1, 2) })

    expect(transcript.unconfirmed).toEqual([{ type: 'say', ref: 'ref-3', text: 'three' }])
  })

  it('Transcript.keep() answers null when too many wait', () => {
    const transcript = new Transcript()
    for (let n = 0; n < MAX_UNCONFIRMED; n += 1) transcript.keep(`ref-${n}`, 'text')

    expect(transcript.keep('one-more', 'text')).toBeNull()
    expect(transcript.unconfirmed).toHaveLength(20)
  })
})

describe('retryDelay()', () => {
  it.each([
    [0, 0, 250],
    [0, 1, 500],
    [1, 1, 1000],
    [3, 0.5, 3000],
    [4, 1, 8000],
    [5, 1, 15_000],
    [50, 0, 7500],
    [5000, 1, 15_000],
  ])('retryDelay() of try %i with chance %d is %i ms', (attempt, random, expected) => {
    expect(retryDelay(attempt, random)).toBe(expected)
  })
})
