import { describe, expect, it } from 'vitest'
import { quoteName, shorten, TowpathError } from '../../src/base/errors.ts'

class LockStuckError extends TowpathError {
  override readonly name = 'LockStuckError'
  readonly code = 'TOWPATH_LOCK_STUCK'
}

describe('TowpathError', () => {
  it('TowpathError is an Error with a code, a name and a cause', () => {
    const cause = new Error('rust')
    const error = new LockStuckError('Cannot open the lock: it is stuck', { cause })

    expect(error).toBeInstanceOf(Error)
    expect(error.code).toBe('TOWPATH_LOCK_STUCK')
    expect(String(error)).toBe('LockStuckError: Cannot open the lock: it is stuck')
    expect(error.cause).toBe(cause)
  })
})

describe('quoteName()', () => {
  it('quotes a name of at most 64 characters whole', () => {
    expect(quoteName('rooms/42')).toBe('"rooms/42"')
    expect(quoteName('x'.repeat(64))).toBe(`"${'x'.repeat(64)}"`)
  })

  it('shortens a longer name to 64 characters, and says its length', () => {
    expect(quoteName('x'.repeat(65))).toBe(`"${'x'.repeat(64)}…" (65 characters)`)
    expect(quoteName('x'.repeat(100_000)).length).toBeLessThan(100)
  })
})

describe('shorten()', () => {
  it('keeps a text that is not longer', () => {
    expect(shorten('abc', 3)).toBe('abc')
  })

  it('does not cut a surrogate pair', () => {
    expect(shorten('ab😀', 3)).toBe('ab…')
    expect(shorten('a😀b', 3)).toBe('a😀…')
  })
})
