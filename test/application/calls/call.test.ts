import { describe, expect, it } from 'vitest'

import { decodeParameters, UpgradeCall } from '../../../src/application/calls/call.ts'
import type { OriginResolver } from '../../../src/application/calls/request.ts'
import { createApplication } from '../../../src/application/create-application.ts'
import type { WebSocketRoute } from '../../../src/application/routing/route-scope.ts'
import { AttributeKey } from '../../../src/base/index.ts'
import { upgradeRequest } from '../upgrade-client.ts'

const APP = createApplication()

const ROUTE = { path: '/' } as WebSocketRoute // a call only passes it on

function createCall(resolvers: readonly OriginResolver[] = []): UpgradeCall {
  const host = { application: APP, resolvers }
  return new UpgradeCall(host, ROUTE, upgradeRequest('/'), { room: 'a' })
}

describe('UpgradeCall', () => {
  it('knows its application, request and parameters', () => {
    const call = createCall()

    expect(call.application).toBe(APP)
    expect(call.request.path).toBe('/')
    expect(call.parameters).toEqual({ room: 'a' })
  })

  it('makes its request when it is first read, and then always returns the same', () => {
    const [unread, read] = [createCall(), createCall()]
    const { request } = read

    for (const call of [unread, read]) call.compact()

    expect(read.request).toBe(request)
    expect(unread.request).toBe(unread.request)
    expect(unread.request.headers.get('host')).toBe(request.headers.get('host'))
  })

  it('tells the client of its connection, or the one that a resolver found', () => {
    const forwarded = createCall([(origin) => ({ ...origin, remoteHost: '203.0.113.9' })])

    expect(createCall().remoteHost).toBe('198.51.100.7')
    expect(createCall().origin).toEqual(createCall().request.origin)
    expect(forwarded.remoteHost).toBe('203.0.113.9')
    expect(forwarded.origin).toBe(forwarded.request.origin)
  })

  it('keeps attributes from the interceptor to the handler', () => {
    const User = new AttributeKey<string>('User')
    const call = createCall()

    call.attributes.put(User, 'Ada')

    expect(call.attributes.get(User)).toBe('Ada')
  })

  it('keeps headers for the answer, several cookies among them', () => {
    const call = createCall()
    expect(call.responseHeaders).toEqual([])

    call.response.headers.set('X-Trace', '7')
    call.response.headers.append('Set-Cookie', 'a=1')
    call.response.headers.append('Set-Cookie', 'b=2')

    expect(call.responseHeaders).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-trace', '7'],
    ])
  })

  it('refuses a header value that would begin another header', () => {
    expect(() => createCall().response.headers.set('x', 'a\r\nset-cookie: b')).toThrow(TypeError)
  })

  it('fires its signal with the reason of the end, also when it is looked at later', () => {
    const [early, late] = [createCall(), createCall()]
    const reason = new Error('over')
    const { signal } = early
    expect(signal.aborted).toBe(false)

    early.end(() => reason)
    early.end(() => new Error('again'))
    late.end(() => reason)

    expect(signal.reason).toBe(reason)
    expect(early.signal).toBe(signal)
    expect(late.signal.reason).toBe(reason)
  })

  it('makes the reason of its end only if somebody looks', () => {
    const call = createCall()
    let made = 0

    call.end(() => ++made)
    const before = made
    const { signal } = call

    expect([before, signal.reason, call.signal.reason]).toEqual([0, 1, 1])
  })

  it('knows the reason of its own end from other errors', () => {
    const call = createCall()
    const reason = new Error('over')
    expect(call.isEndedBy(undefined)).toBe(false)

    call.end(() => reason)

    expect(call.isEndedBy(reason)).toBe(true)
    expect(call.isEndedBy(new Error('over'))).toBe(false)
  })
})

describe('decodeParameters()', () => {
  it('decodes once', () => {
    expect({ ...decodeParameters({ a: 'x%20y', b: '%2525', c: 'caf%C3%A9', d: 'a%2Fb' }) }).toEqual(
      {
        a: 'x y',
        b: '%25',
        c: 'café',
        d: 'a/b',
      },
    )
  })

  it.each(['%', '%z1', '%C3', '%ff'])('answers null for the wrong encoding %s', (value) => {
    expect(decodeParameters({ a: value })).toBe(null)
  })

  it('leaves out the old name of a bare wildcard', () => {
    expect({ ...decodeParameters({ '0': 'a/b', _: 'a/b' }) }).toEqual({ '0': 'a/b' })
  })

  it('pollutes no prototype, and cannot be changed', () => {
    const captures = Object.fromEntries([['__proto__', 'x']])
    const parameters = decodeParameters(captures)

    expect(Object.keys(parameters ?? {})).toEqual(['__proto__'])
    expect(Object.isFrozen(parameters)).toBe(true)
  })
})
