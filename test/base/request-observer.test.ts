import { describe, expect, it } from 'vitest'

import {
  observeRequests,
  type RequestObserver,
  requestObserversOf,
} from '../../src/base/request-observer.ts'

const observer = (): RequestObserver => ({ asked: () => null, served: () => null })

describe('requestObserversOf()', () => {
  it('returns the observers of a session and of its application', () => {
    const application = {}
    const session = { application }
    const [own, shared] = [observer(), observer()]

    observeRequests(session, own)
    observeRequests(application, shared)

    expect(requestObserversOf(session)).toEqual([own, shared])
    expect(requestObserversOf({ application })).toEqual([shared])
  })

  it('returns the observers of a session without an application', () => {
    const session = {}
    const [first, second] = [observer(), observer()]

    observeRequests(session, first)
    observeRequests(session, second)

    expect(requestObserversOf(session)).toEqual([first, second])
  })

  it('returns null where there are none', () => {
    expect(requestObserversOf({})).toBe(null)
    expect(requestObserversOf({ application: {} })).toBe(null)
  })
})
