import { describe, expect, it } from 'vitest'
import { TowpathError } from '../../src/index.ts'
import { HandlersStillRunningError, UpgradeRefusedError } from '../../src/testing/index.ts'

describe('UpgradeRefusedError', () => {
  it('says status, headers and body, and keeps the body out of its message', () => {
    const headers = new Headers({ 'www-authenticate': 'Bearer' })
    const error = new UpgradeRefusedError('/chat', { status: 401, headers, body: 'who are you?' })

    expect(error).toBeInstanceOf(TowpathError)
    expect(error.code).toBe('TOWPATH_UPGRADE_REFUSED')
    expect(error.message).toBe('Cannot connect to /chat: the upgrade was refused with 401')
    expect([error.status, error.headers, error.body]).toEqual([401, headers, 'who are you?'])
  })
})

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
