import { describe, expect, it } from 'vitest'
import { type Heard, Subscriptions } from '../../src/brokers/subscriptions.ts'

const HEARD: Heard = { type: 'message', channel: 'c' }

describe('Subscriptions', () => {
  it('a name is missing until it is confirmed, and again after a reset', () => {
    const subscriptions = new Subscriptions()
    subscriptions.add('a', HEARD)
    subscriptions.add('b', HEARD)

    subscriptions.confirm('a')
    expect(subscriptions.missing(10)).toEqual(['b'])

    subscriptions.reset()
    expect(subscriptions.missing(10)).toEqual(['a', 'b'])
    expect(subscriptions.missing(1)).toEqual(['a'])
  })

  it('a name that was removed is neither missing nor found', () => {
    const subscriptions = new Subscriptions()
    subscriptions.add('a', HEARD)

    expect(subscriptions.remove('a')).toBe(true)
    expect(subscriptions.remove('a')).toBe(false)

    expect(subscriptions.missing(10)).toEqual([])
    expect(subscriptions.find('a')).toBeUndefined()
    expect(subscriptions.size).toBe(0)
  })
})
