import { describe, expect, it } from 'vitest'
import { TowpathError } from '../../src/base/errors.ts'

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
