import { describe, expect, it } from 'vitest'
import type { SessionObserver } from '../../../src/session/internal.ts'
import { homeOf } from '../../../src/session/writing/session-home.ts'
import { custom } from '../../support/extensions.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'
import { SETTINGS } from '../../support/session.ts'

function observer(): SessionObserver {
  return {
    handlerFailed: () => {},
    limitReached: () => {},
    buffered: () => {},
    frameDropped: () => {},
    closed: () => {},
  }
}

describe('homeOf()', () => {
  it('returns one home for all sessions with the same settings, environment, observer and kind', () => {
    const settings = { ...SETTINGS }
    const environment = memoryEnvironment()
    const told = observer()

    const home = homeOf(settings, environment, told, 'default')

    expect(homeOf(settings, environment, told, 'default')).toBe(home)
    expect(homeOf({ ...SETTINGS }, environment, told, 'default')).not.toBe(home)
    expect(homeOf(settings, memoryEnvironment(), told, 'default').environment).not.toBe(environment)
    expect(homeOf(settings, environment, observer(), 'default').observer).not.toBe(told)
    expect(homeOf(settings, environment, told, 'raw').kind).toBe('raw')
  })

  it('says which reserved bits the extensions of a session claim', () => {
    const environment = memoryEnvironment()
    const plain = homeOf({ ...SETTINGS }, environment, observer(), 'default')
    const extensions = [custom(4, {}), custom(0, {}), custom(1, {})]
    const extended = homeOf({ ...SETTINGS, extensions }, environment, observer(), 'default')

    expect([plain.hasExtensions, plain.claimedBits]).toEqual([false, 0])
    expect([extended.hasExtensions, extended.claimedBits]).toEqual([true, 5])
  })
})
