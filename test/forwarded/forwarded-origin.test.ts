import { describe, expect, it } from 'vitest'

import type { RequestOrigin } from '../../src/application/index.ts'
import { HandshakeError } from '../../src/protocol/index.ts'
import { resolveForwarded } from '../../src/forwarded/forwarded-origin.ts'
import type { Forwarding } from '../../src/forwarded/forwarding.ts'
import { type ProxyTrust, readTrust } from '../../src/forwarded/proxy-trust.ts'

const LOCAL: RequestOrigin = {
  scheme: 'http',
  host: 'chat.example.com',
  port: 80,
  remoteHost: '127.0.0.1',
  remotePort: 50_000,
  uri: '/',
  method: 'GET',
  version: 'HTTP/1.1',
}

function resolve(
  said: Partial<Forwarding>,
  trust: ProxyTrust = ['loopback', '10.0.0.0/8'],
  origin: RequestOrigin = LOCAL,
): RequestOrigin {
  const forwarding = { for: [], proto: [], host: [], port: [], ...said }
  return resolveForwarded(origin, forwarding, readTrust('test', trust))
}

describe('resolveForwarded()', () => {
  it('changes nothing where nobody says anything', () => {
    expect(resolve({})).toEqual(LOCAL)
  })

  it.each<[string, string[], string]>([
    ['one proxy', ['203.0.113.9'], '203.0.113.9'],
    ['two proxies', ['203.0.113.9', '10.0.0.2'], '203.0.113.9'],
    ['a claim of the client', ['198.51.100.1', '203.0.113.9'], '203.0.113.9'],
    ['a claim behind two proxies', ['198.51.100.1', '203.0.113.9', '10.0.0.2'], '203.0.113.9'],
    ['a claim to be a proxy', ['10.0.0.3', '203.0.113.9'], '203.0.113.9'],
    ['a claim that is not an address', ['<script>', '203.0.113.9'], '203.0.113.9'],
    ['proxies alone', ['10.0.0.3', '10.0.0.2'], '10.0.0.3'],
    ['a hidden client', ['_hidden'], ''],
    ['a client that is not known', ['203.0.113.9', 'unknown'], ''],
    ['a proxy that leaves it out', ['203.0.113.9', ''], ''],
  ])('finds the client: %s', (_what, nodes, remoteHost) => {
    expect(resolve({ for: nodes })).toMatchObject({ remoteHost, remotePort: null })
  })

  it('counts proxies that hide themselves', () => {
    const nodes = ['198.51.100.1', '203.0.113.9', '_proxy']

    expect(resolve({ for: nodes }, 2).remoteHost).toBe('203.0.113.9')
    expect(resolve({ for: nodes }, 1).remoteHost).toBe('')
  })

  it('never takes the port of the proxy for that of the client', () => {
    expect(resolve({ for: ['203.0.113.9'] }).remotePort).toBe(null)
    expect(resolve({ for: ['203.0.113.9:4711'] }).remotePort).toBe(4711)
    expect(resolve({ for: ['[2001:db8::9]:4711'] })).toMatchObject({
      remoteHost: '2001:db8::9',
      remotePort: 4711,
    })
  })

  it.each([
    ['https', 'https', 443],
    ['HTTPS', 'https', 443],
    ['wss', 'https', 443],
    ['http', 'http', 80],
    ['ws', 'http', 80],
  ] as const)('reads the scheme %s, and the port that belongs to it', (proto, scheme, port) => {
    expect(resolve({ proto: [proto] })).toMatchObject({ scheme, port, host: 'chat.example.com' })
  })

  it('keeps the port that Host names', () => {
    const origin = { ...LOCAL, port: 8443 }

    expect(resolve({ proto: ['https'] }, 'loopback', origin).port).toBe(8443)
  })

  it('reads host and port', () => {
    expect(resolve({ host: ['Other.Example'] })).toMatchObject({ host: 'other.example', port: 80 })
    expect(resolve({ host: ['other.example:8080'] }).port).toBe(8080)
    expect(resolve({ host: ['[2001:db8::1]:8080'] })).toMatchObject({
      host: '2001:db8::1',
      port: 8080,
    })
    expect(resolve({ host: ['other.example:8080'], port: ['8443'] }).port).toBe(8443)
    expect(resolve({ port: ['8443'], proto: ['https'] }).port).toBe(8443)
    expect(resolve({ host: ['other.example'], proto: ['https'] }).port).toBe(443)
  })

  it('takes of several values what the outermost trusted proxy said', () => {
    const said = {
      for: ['198.51.100.1', '203.0.113.9', '10.0.0.2'],
      proto: ['http', 'https', 'http'],
      host: ['evil.example', 'chat.example.com', 'inner.example'],
      port: ['1', '8443', '80'],
    }

    expect(resolve(said)).toMatchObject({
      scheme: 'https',
      host: 'chat.example.com',
      port: 8443,
      remoteHost: '203.0.113.9',
    })
  })

  it('takes what the nearest proxy appended, not what the client sent before it', () => {
    const said = {
      for: ['203.0.113.9'],
      proto: ['https', 'http'],
      host: ['evil.example', 'a.example'],
    }

    expect(resolve(said)).toMatchObject({ scheme: 'http', host: 'a.example' })
    expect(resolve({ proto: ['https', 'http'] }).scheme).toBe('http')
  })

  it('takes the one value that all proxies pass on', () => {
    const said = { for: ['203.0.113.9', '10.0.0.2'], proto: ['https'] }

    expect(resolve(said).scheme).toBe('https')
  })

  it.each<[Partial<Forwarding>, string]>([
    [{ for: ['chat.example.com'] }, '"for" is not an address'],
    [{ for: ['127.1'] }, '"for" is not an address'],
    [{ proto: ['ftp'] }, '"proto" is neither http nor https'],
    [{ proto: ['https;http'] }, '"proto" is neither http nor https'],
    [{ host: ['user@chat.example.com'] }, '"host" is not a host'],
    [{ host: ['chat.example.com/path'] }, '"host" is not a host'],
    [{ host: ['a b'] }, '"host" is not a host'],
    [{ host: ['a\r\nb'] }, '"host" is not a host'],
    [{ port: ['0'] }, '"port" is not a port'],
    [{ port: ['65536'] }, '"port" is not a port'],
    [{ port: ['443;'] }, '"port" is not a port'],
    [{ port: ['-1'] }, '"port" is not a port'],
  ])('refuses %j, without repeating it', (said, words) => {
    expect(() => resolve(said)).toThrow(HandshakeError)
    expect(() => resolve(said)).toThrow(`Cannot upgrade: the forwarded value of ${words}`)
  })
})
