import { describe, expect, it } from 'vitest'

import type { DialRequest } from '../../../../src/client/internal.ts'
import {
  addressTimeout,
  hostOf,
  openSocket,
  portOf,
  tlsOptions,
} from '../../../../src/engines/node/dialing/dial-socket.ts'

function request(url: string, facts: Partial<DialRequest> = {}): DialRequest {
  return {
    url: new URL(url),
    headers: [],
    connectTimeout: 10_000,
    isElsewhere: false,
    signal: new AbortController().signal,
    entered: () => {},
    ...facts,
  }
}

describe('addressTimeout()', () => {
  it('is a fifth of connectTimeout, 2 s without one, and 10 ms at least', () => {
    const timeout = (connectTimeout: number | null): number =>
      addressTimeout(request('ws://a/', { connectTimeout }))

    expect(timeout(10_000)).toBe(2_000)
    expect(timeout(null)).toBe(2_000)
    expect(timeout(20)).toBe(10)
  })
})

describe('hostOf() and portOf()', () => {
  it('take an address of IPv6 out of its brackets', () => {
    expect(hostOf(new URL('ws://[::1]:8080/'))).toBe('::1')
    expect(hostOf(new URL('ws://example.com/'))).toBe('example.com')
  })

  it('know the ports of the two schemes', () => {
    expect(portOf(new URL('ws://a/'))).toBe(80)
    expect(portOf(new URL('wss://a/'))).toBe(443)
    expect(portOf(new URL('wss://a:8443/'))).toBe(8443)
  })
})

describe('tlsOptions()', () => {
  it('name the host of the URL, and no host for an address', () => {
    expect(tlsOptions(request('wss://example.com/'), {}).servername).toBe('example.com')
    expect(tlsOptions(request('wss://127.0.0.1/'), {}).servername).toBe('')
    expect(tlsOptions(request('wss://a/'), { servername: 'b' }).servername).toBe('b')
  })

  it('keep what identifies the client from another host', () => {
    const tls = { cert: 'certificate', key: 'key', ca: 'authority', servername: 'b' }

    expect(tlsOptions(request('wss://a/'), tls)).toMatchObject(tls)
    const elsewhere = tlsOptions(request('wss://a/', { isElsewhere: true }), tls)
    expect(elsewhere).toMatchObject({ ca: 'authority', servername: 'a' })
    expect(elsewhere).not.toHaveProperty('cert')
    expect(elsewhere).not.toHaveProperty('key')
  })

  it('return what checkServerIdentity throws, which would end the process', () => {
    const error = new Error('not this one')
    const { checkServerIdentity } = tlsOptions(request('wss://a/'), {
      checkServerIdentity: () => {
        throw error
      },
    })

    expect(checkServerIdentity?.('a', {} as never)).toBe(error)
  })
})

describe('openSocket()', () => {
  it('names the option for a value that node:tls refuses', () => {
    const settings = {
      agent: null,
      socketPath: null,
      transport: 'stream' as const,
      http2: false as const,
      tls: { minVersion: 'TLSv9' as never },
    }

    expect(() => openSocket(request('wss://127.0.0.1:1/'), settings)).toThrow(
      'Cannot open WebSocket: node:tls refuses a value in option "tls"',
    )
  })
})
