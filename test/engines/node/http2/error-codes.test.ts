import { expect, it } from 'vitest'

import { connectionLost, streamReset } from '../../../../src/engines/node/http2/error-codes.ts'

it('streamReset() names the code of the peer, and counts as a reset of TCP', () => {
  expect(streamReset(8)).toMatchObject({ code: 'ECONNRESET', rstCode: 8 })
  expect(streamReset(8).message).toContain('CANCEL')
  expect(streamReset(77).message).toContain('77')
})

it('connectionLost() keeps the failure of the connection as its cause', () => {
  const cause = new Error('EPIPE')
  expect(connectionLost('192.0.2.1', cause)).toMatchObject({ code: 'ECONNRESET', cause })
  expect(connectionLost('192.0.2.1', null).cause).toBe(undefined)
})
