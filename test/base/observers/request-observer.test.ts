import { describe, expect, it } from 'vitest'

import {
  failureOf,
  observeRequests,
  type RequestObserver,
  requestObserverOf,
} from '../../../src/base/observers/request-observer.ts'

const report = (error: unknown): never => {
  throw error
}

/** Notes what it hears under a name. */
function noting(name: string, heard: string[], trace: string | null = null): RequestObserver {
  const watch = (kind: string) => {
    heard.push(`${name} ${kind}`)
    return {
      trace,
      run: <T>(handle: () => T): T => {
        heard.push(`${name} run`)
        return handle()
      },
      ended: (outcome: unknown) => void heard.push(`${name} ended ${String(outcome)}`),
    }
  }
  return {
    asked: (type) => watch(`asked ${type}`),
    served: (type, from) => watch(`served ${type} ${from}`),
  }
}

describe('requestObserverOf()', () => {
  it('returns the observer of the application of a session, else of the session', () => {
    const application = {}
    const session = {}
    const heard: string[] = []
    const [own, shared] = [noting('own', heard), noting('shared', heard)]

    observeRequests(session, own, report)
    observeRequests(application, shared, report)
    requestObserverOf(session)?.asked('a', session)
    requestObserverOf({ application })?.asked('b', session)

    expect(heard).toEqual(['own asked a', 'shared asked b'])
    expect(requestObserverOf({})).toBe(undefined)
  })

  it('returns several observers as one', () => {
    const heard: string[] = []
    const session = {}
    observeRequests(session, noting('a', heard), report)
    observeRequests(session, { asked: () => null, served: () => null }, report)
    observeRequests(session, noting('b', heard, 'trace of b'), report)
    const observer = requestObserverOf(session)

    const asked = observer?.asked('get', session)
    const served = observer?.served('get', 'x', session)
    const result = served?.run(() => 7)
    served?.ended('FAILED')

    expect([asked?.trace, result]).toEqual(['trace of b', 7])
    expect(heard).toEqual([
      'a asked get',
      'b asked get',
      'a served get x',
      'b served get x',
      'a run',
      'b run',
      'a ended FAILED',
      'b ended FAILED',
    ])
  })
})

describe('observeRequests()', () => {
  it('reports what an observer throws, which changes no request', () => {
    const thrown: unknown[] = []
    const fail = (): never => {
      throw new Error('span processor')
    }
    const session = {}
    observeRequests(session, { asked: fail, served: fail }, (error) => thrown.push(error))
    const watch = { trace: null, run: fail, ended: fail }
    observeRequests(session, { asked: () => watch, served: () => watch }, (error) =>
      thrown.push(error),
    )

    const asked = requestObserverOf(session)?.asked('get', session)
    asked?.ended(null)

    expect(asked?.run(() => 7)).toBe(7)
    expect(thrown).toHaveLength(3)
  })
})

describe('failureOf()', () => {
  it('returns codes, and the codes of errors', () => {
    const failed = Object.assign(new Error('no'), { failure: 'NOT_FOUND' })

    expect([null, 'BUSY', failed, new Error('left'), 7].map(failureOf)).toEqual([
      null,
      'BUSY',
      'NOT_FOUND',
      'CANCELLED',
      'CANCELLED',
    ])
  })
})
