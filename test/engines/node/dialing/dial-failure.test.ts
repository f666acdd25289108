import { describe, expect, it } from 'vitest'
import type { NetworkStep } from '../../../../src/client/internal.ts'
import { dialFailure } from '../../../../src/engines/node/dialing/dial-failure.ts'

const withCode = (code: string): Error => Object.assign(new Error('system'), { code })

describe('dialFailure()', () => {
  it.each<[NetworkStep, string, string]>([
    ['resolve', 'ENOTFOUND', 'the host of h:1 has no address (ENOTFOUND)'],
    ['resolve', 'EAI_AGAIN', 'the host of h:1 has no address (EAI_AGAIN)'],
    ['connect', 'ECONNREFUSED', 'connection refused by h:1'],
    ['connect', 'ENOENT', 'there is no socket at h:1'],
    ['connect', 'EACCES', 'permission denied for h:1'],
    ['connect', 'ETIMEDOUT', 'h:1 did not answer'],
    ['connect', 'EHOSTUNREACH', 'there is no route to h:1'],
    ['connect', 'ENETUNREACH', 'there is no route to h:1'],
    ['connect', 'ESTRANGE', 'no connection to h:1 (ESTRANGE)'],
    ['proxy', 'ECONNREFUSED', 'the agent got no connection to h:1 (ECONNREFUSED)'],
    ['tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate of h:1 is for other names'],
    ['tls', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate of h:1 is self-signed'],
    ['tls', 'SELF_SIGNED_CERT_IN_CHAIN', 'the certificate of h:1 has an unknown issuer'],
    ['tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the certificate of h:1 has an unknown issuer'],
    ['tls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the certificate of h:1 has an unknown issuer'],
    ['tls', 'CERT_HAS_EXPIRED', 'the certificate of h:1 has expired'],
    ['tls', 'CERT_NOT_YET_VALID', 'the certificate of h:1 is not valid yet'],
    ['tls', 'EPROTO', 'the TLS handshake with h:1 failed (EPROTO)'],
    ['handshake', 'ECONNRESET', 'h:1 ended the connection before it answered (ECONNRESET)'],
    ['protocol', 'ECONNRESET', 'h:1 ended the connection before it spoke HTTP/2 (ECONNRESET)'],
  ])('at %s with %s says: %s', (step, code, what) => {
    const cause = withCode(code)
    const error = dialFailure(step, 'h:1', cause)

    expect(error.message).toBe(`Cannot open WebSocket: ${what} (step: ${step})`)
    expect([error.step, error.cause]).toEqual([step, cause])
  })

  it('says that it is no HTTP, or too much of it, whatever the step', () => {
    const strange = dialFailure('handshake', 'h', withCode('HPE_INVALID_CONSTANT'))
    const large = dialFailure('handshake', 'h', withCode('HPE_HEADER_OVERFLOW'))

    expect([strange.step, large.step]).toEqual(['protocol', 'protocol'])
    expect(strange.message).toContain('h answered with something that is not HTTP')
    expect(large.message).toContain('the headers of the answer of h are too large')
  })

  it('names an error that has no code', () => {
    expect(dialFailure('handshake', 'h', new RangeError('x')).message).toContain('(RangeError)')
  })

  it('says that the server does not answer with TLS, and which URL would do', () => {
    const messages = [
      'write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:',
      'C05E:error:0A0000C6:SSL routines:tls_get_more_records:packet length too long:',
    ]
    for (const message of messages) {
      const cause = Object.assign(new Error(message), { code: 'EPROTO' })
      expect(dialFailure('tls', 'h:1', cause).message).toContain(
        'h:1 does not answer with TLS (EPROTO); without TLS the URL begins with ws:',
      )
    }
  })
})
