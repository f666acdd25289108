import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { addAbortListener, removeAbortListener } from '../../src/base/abort-listeners.ts'

describe('addAbortListener()', () => {
  it('gives a signal one listener, however many are added', () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 20; n++) addAbortListener(signal, () => {})

    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  })

  it('calls all of them, in order, once, when the signal fires', () => {
    const controller = new AbortController()
    const told: string[] = []
    const twice = (): void => void told.push('a')
    addAbortListener(controller.signal, twice)
    addAbortListener(controller.signal, () => told.push('b'))
    addAbortListener(controller.signal, twice)
    controller.abort()

    expect(told).toEqual(['a', 'b'])
  })

  it('does not call a listener that another one has removed before its turn', () => {
    const controller = new AbortController()
    const told: string[] = []
    const second = (): void => void told.push('second')
    addAbortListener(controller.signal, () => removeAbortListener(controller.signal, second))
    addAbortListener(controller.signal, second)
    controller.abort()

    expect(told).toEqual([])
  })
})

describe('removeAbortListener()', () => {
  it('leaves nothing at the signal when the last one goes, and may be followed by others', () => {
    const controller = new AbortController()
    const told: string[] = []
    const first = (): void => void told.push('first')
    addAbortListener(controller.signal, first)
    removeAbortListener(controller.signal, first)
    removeAbortListener(controller.signal, first)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    addAbortListener(controller.signal, () => told.push('second'))
    controller.abort()

    expect(told).toEqual(['second'])
  })
})
