import { describe, expect, it } from 'vitest'
import { pageHints } from '../../../src/engines/browser/page-hints.ts'

/** The global object of a page. */
function page(): EventTarget & {
  navigator: { onLine: boolean }
  document: EventTarget & { visibilityState: string }
} {
  return Object.assign(new EventTarget(), {
    navigator: { onLine: true },
    document: Object.assign(new EventTarget(), { visibilityState: 'visible' }),
  })
}

describe('pageHints()', () => {
  it('tells of the network and of being looked at, until it is disposed of', () => {
    const scope = page()
    const told: string[] = []
    const listener = pageHints(scope).listen((hint) => told.push(hint))
    scope.dispatchEvent(new Event('offline'))
    scope.dispatchEvent(new Event('online'))
    scope.document.visibilityState = 'hidden'
    scope.document.dispatchEvent(new Event('visibilitychange'))
    scope.document.visibilityState = 'visible'
    scope.document.dispatchEvent(new Event('visibilitychange'))
    listener[Symbol.dispose]()
    scope.dispatchEvent(new Event('online'))
    scope.document.dispatchEvent(new Event('visibilitychange'))

    expect(told).toEqual(['offline', 'online', 'hidden', 'visible'])
  })

  it('tells that the page is left and shown again', () => {
    const scope = page()
    const told: string[] = []
    const listener = pageHints(scope).listen((hint) => told.push(hint))
    scope.dispatchEvent(new Event('pagehide'))
    scope.dispatchEvent(new Event('pageshow'))
    listener[Symbol.dispose]()
    scope.dispatchEvent(new Event('pagehide'))

    expect(told).toEqual(['left', 'shown'])
  })

  it('knows whether there is a network now, and believes in one where nobody says', () => {
    const scope = page()
    const hints = pageHints(scope)
    expect(hints.isOnline).toBe(true)
    scope.navigator.onLine = false

    expect(hints.isOnline).toBe(false)
    expect(pageHints(new EventTarget()).isOnline).toBe(true)
  })

  it('works in a worker, which has no document', () => {
    const scope = new EventTarget()
    const told: string[] = []
    using _ = pageHints(scope).listen((hint) => told.push(hint))
    scope.dispatchEvent(new Event('online'))

    expect(told).toEqual(['online'])
  })
})
