import { duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { bypassTls } from '../../../../src/engines/node/transports/tls-handle.ts'
import { socketPair } from '../../../support/loopback.ts'

describe('bypassTls()', () => {
  it('returns null for a socket without TLS, and for any other stream', async () => {
    await using pair = await socketPair()
    const [stream] = duplexPair()

    expect(bypassTls(pair.accepted)).toBe(null)
    expect(bypassTls(stream)).toBe(null)
    expect(bypassTls(undefined)).toBe(null)
    expect(pair.accepted.destroyed).toBe(false)
  })
})
