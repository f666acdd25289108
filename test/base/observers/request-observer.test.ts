import { describe, expect, it } from 'vitest'

import {
  observeRequests,
  type RequestObserver,
  requestObserverOf,
} from '../../../src/base/observers/request-observer.ts'
import type { BuiltinFailure } from '../../../src/messages/index.ts'

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
      ended: (failure: string | null) => void heard.push(`${name} ended ${failure}`),
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
    requestObserverOf(session)?.asked('a', session, null)
    requestObserverOf({ application })?.asked('b', session, null)

    expect(heard).toEqual(['own asked a', 'shared asked b'])
    expect(requestObserverOf({})).toBe(undefined)
  })

  it('returns several observers as one', () => {
    const entry = { errors: new Set<string>() }
    const heard: string[] = []
    const session = {}
    observeRequests(session, noting('a', heard), report)
    observeRequests(session, { asked: () => null, served: () => null }, report)
    observeRequests(session, noting('b', heard, 'trace of b'), report)
    const observer = requestObserverOf(session)

    const asked = observer?.asked('get', session, entry)
    const served = observer?.served('get', 'x', session, entry)
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

    const asked = requestObserverOf(session)?.asked('get', session, null)
    asked?.ended(null)

    expect(asked?.run(() => 7)).toBe(7)
    expect(thrown).toHaveLength(3)
  })

  it('tells the code of the failure, and whether a peer may have invented it', () => {
    const ends: Array<readonly [string | null, boolean]> = []
    const session = {}
    const watch = {
      trace: null,
      run: <T>(handle: () => T): T => handle(),
      ended: (...end: readonly [string | null, boolean]) => void ends.push(end),
    }
    observeRequests(session, { asked: () => watch, served: () => watch }, report)
    const entry = { errors: new Set(['NOT_FOUND']) }
    const builtIn: Readonly<Record<BuiltinFailure, true>> = {
      INVALID: true,
      UNKNOWN: true,
      BUSY: true,
      CANCELLED: true,
      TIMEOUT: true,
      FAILED: true,
      DISCONNECTED: true,
    }
    const failed = Object.assign(new Error('no'), { failure: 'NOT_FOUND' })
    const end = (outcome: unknown, of: typeof entry | null = entry): void =>
      requestObserverOf(session)?.asked('get', session, of)?.ended(outcome)

    for (const code of Object.keys(builtIn)) end(code, null)
    expect(ends.splice(0)).toEqual(Object.keys(builtIn).map((code) => [code, true]))
    for (const outcome of [null, failed, new Error('left'), 7, 'INVENTED', 'toString']) end(outcome)
    end('NOT_FOUND', null)
    expect(ends).toEqual([
      [null, true],
      ['NOT_FOUND', true],
      ['CANCELLED', true],
      ['CANCELLED', true],
      ['INVENTED', false],
      ['toString', false],
      ['NOT_FOUND', false],
    ])
  })

  it('does not tell the name of a request that the contract does not have', () => {
    const heard: string[] = []
    const session = {}
    observeRequests(session, noting('a', heard), report)

    requestObserverOf(session)?.served('invented', undefined, session, null)

    expect(heard).toEqual(['a served null null'])
  })
})
