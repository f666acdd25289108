import { describe, expect, it } from 'vitest'
import { HandlersStillRunningError } from '../../src/testing/index.ts'

describe('HandlersStillRunningError', () => {
  it('names the paths', () => {
    const error = new HandlersStillRunningError(['/a', '/b'])

    expect(error.code).toBe('TOWPATH_HANDLERS_STILL_RUNNING')
    expect(error.paths).toEqual(['/a', '/b'])
    expect(error.message).toBe(
      'Cannot end the test application: handlers still run after their sessions were dropped, for /a, /b',
    )
  })
})
