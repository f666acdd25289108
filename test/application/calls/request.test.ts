import { describe, expect, it } from 'vitest'

import { IncomingRequest, type OriginResolver } from '../../../src/application/calls/request.ts'
import { parseRequestTarget } from '../../../src/application/calls/request-target.ts'
import { upgradeRequest, type RequestChanges } from '../upgrade-client.ts'

function read(
  uri: string,
  changes: RequestChanges = {},
  resolvers: readonly OriginResolver[] = [],
): IncomingRequest {
  const target = parseRequestTarget(uri)
  if (target === null) throw new Error('expected a target')
  return new IncomingRequest(upgradeRequest(uri, changes), target, resolvers)
}

/** The origin of a request with the header `Host`. */
function originFor(host: string | undefined, changes: RequestChanges = {}) {
  return read('/', { ...changes, headers: { Host: host } }).origin
}

describe('IncomingRequest', () => {
  it('has method, uri, path and query', () => {
    const request = read('/a/../rooms/caf%C3%A9?tag=x&tag=y%20z')

    expect(request.method).toBe('GET')
    expect(request.uri).toBe('/a/../rooms/caf%C3%A9?tag=x&tag=y%20z')
    expect(request.path).toBe('/rooms/caf%C3%A9')
    expect(request.queryParameters.getAll('tag')).toEqual(['x', 'y z'])
    expect(request.queryParameters).toBe(request.queryParameters)
  })

  it('has headers without regard to case', () => {
    const request = read('/', { headers: { 'User-Agent': 'test' } })

    expect(request.headers.get('user-agent')).toBe('test')
    expect(request.headers.get('X-None')).toBe(null)
  })

  it('says the same after compact(), of a large head and of a small one', () => {
    for (const count of [0, 100]) {
      const extraHeaders = Array.from({ length: count }, (_, at) => [`x-${at}`, 'v'.repeat(100)])
      const request = read('/a?b', { extraHeaders: extraHeaders.flat() })
      const before = [[...request.headers], request.uri, request.local]

      request.compact()
      request.compact()

      expect([[...request.headers], request.uri, request.local]).toEqual(before)
    }
  })

  it('has cookies, of several headers too', () => {
    const request = read('/', { headers: { Cookie: 'a=1; b=2' }, extraHeaders: ['cookie', 'c=3'] })

    expect([...request.cookies]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ])
    expect([...read('/').cookies]).toEqual([])
  })
})

describe('origin', () => {
  it('S-38 origin.host is the host asked for, origin.remoteHost the peer', () => {
    expect(originFor('Chat.Example.com:8080')).toEqual({
      scheme: 'http',
      host: 'chat.example.com',
      port: 8080,
      remoteHost: '198.51.100.7',
      remotePort: 50_000,
      uri: '/',
      method: 'GET',
      version: 'HTTP/1.1',
    })
  })

  it('S-38 origin.port is the scheme’s own when none was asked for', () => {
    expect(originFor('example.com').port).toBe(80)
    expect(originFor('example.com', { encrypted: true })).toMatchObject({
      scheme: 'https',
      port: 443,
    })
  })

  it('S-38 origin.host is an IPv6 address without its brackets', () => {
    expect(originFor('[::1]:8080')).toMatchObject({ host: '::1', port: 8080 })
    expect(originFor('[2001:DB8:0::1]')).toMatchObject({ host: '2001:db8::1', port: 80 })
  })

  it('is this end where no host was asked for', () => {
    expect(originFor(undefined)).toMatchObject({ host: '192.0.2.1', port: 8080 })
    expect(originFor('not a host')).toMatchObject({ host: '192.0.2.1', port: 8080 })
  })

  it('takes the host of a target in absolute form instead of the header', () => {
    const request = read('http://real.example:81/', { headers: { Host: 'other.example' } })

    expect(request.origin).toMatchObject({ host: 'real.example', port: 81 })
  })

  it('has no addresses where the carrier has none', () => {
    const nowhere = { host: null, port: null }

    expect(originFor(undefined, { local: nowhere, remote: nowhere })).toMatchObject({
      host: '',
      port: 80,
      remoteHost: '',
      remotePort: null,
    })
  })

  it('is what resolvers make of it, one after another, once; local stays', () => {
    let calls = 0
    const request = read('/', { headers: { 'X-Forwarded-For': '203.0.113.9' } }, [
      (origin, { headers }) => {
        calls++
        return { ...origin, remoteHost: headers.get('x-forwarded-for') ?? origin.remoteHost }
      },
      (origin) => ({ ...origin, scheme: 'https', port: 443 }),
    ])

    expect(request.origin).toMatchObject({ remoteHost: '203.0.113.9', scheme: 'https', port: 443 })
    expect(request.origin).toBe(request.origin)
    expect(request.local).toMatchObject({ remoteHost: '198.51.100.7', scheme: 'http', port: 80 })
    expect(calls).toBe(1)
  })
})
