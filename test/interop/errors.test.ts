import { describe, expect, it } from 'vitest'

import { ConnectionCutError } from '../../src/interop/errors.ts'

describe('ConnectionCutError', () => {
  it('has a code, and the failure of the transport as its cause', () => {
    const cause = new Error('read ECONNRESET')

    expect(new ConnectionCutError(cause)).toMatchObject({
      name: 'ConnectionCutError',
      code: 'TOWPATH_CONNECTION_CUT',
      message: 'Cannot read on: the connection ended without a Close frame',
      cause,
    })
    expect(new ConnectionCutError(null).cause).toBe(undefined)
  })
})
