import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseRequestTarget } from '../../../src/application/calls/request-target.ts'

describe('parseRequestTarget()', () => {
  it.each([
    ['/', '/', ''],
    ['/chat', '/chat', ''],
    ['/chat?room=1&room=2', '/chat', '?room=1&room=2'],
    ['/a%20b', '/a%20b', ''],
    ['/rooms/caf%C3%A9', '/rooms/caf%C3%A9', ''],
  ])('takes %s apart', (target, path, query) => {
    expect(parseRequestTarget(target)).toEqual({ path, query, authority: null })
  })

  it.each([
    ['/a/./b', '/a/b'],
    ['/public/../admin', '/admin'],
    ['/public/%2e%2E/admin', '/admin'],
    ['/public/.%2e/admin', '/admin'],
    ['/../../admin', '/admin'],
  ])('resolves the dots of %s before anything is matched', (target, path) => {
    expect(parseRequestTarget(target)?.path).toBe(path)
  })

  it('takes two slashes for an empty segment, never for a host', () => {
    expect(parseRequestTarget('//evil.example/x')).toEqual({
      path: '//evil.example/x',
      query: '',
      authority: null,
    })
  })

  it('reads the absolute form, whose host counts (RFC 9112 §3.2.2)', () => {
    expect(parseRequestTarget('http://example.com:81/chat?x')).toEqual({
      path: '/chat',
      query: '?x',
      authority: { host: 'example.com', port: 81 },
    })
    expect(parseRequestTarget('ws://example.com')?.path).toBe('/')
    expect(parseRequestTarget('ws://example.com?x')).toMatchObject({ path: '/', query: '?x' })
  })

  it.each([
    '',
    '*',
    'chat',
    'example.com:443',
    '/a#b',
    '/a b',
    '/caf\u00e9',
    '/a\n',
    '/public\\..\\admin',
    '/files/%2e%2e\\admin',
    'http://example.com/a\\b',
    '/a"b',
    '/a<b>',
    '/a{b}',
    '/a`b',
    '/a?b=<c>',
    'http://user@host/',
  ])('refuses %j, which is not a valid path (RFC 3986)', (target) => {
    expect(parseRequestTarget(target)).toBe(null)
  })

  it('gives what the URL parser of the platform gives', () => {
    const character = fc.constantFrom(...Array.from("/.a?=&%2eE'~:@;+-_*,!$()[]|^"))
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 20 }), (rest) => {
        const { pathname, search } = new URL(`http://base/${rest}`)
        expect(parseRequestTarget(`/${rest}`)).toEqual({
          path: pathname,
          query: search,
          authority: null,
        })
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['/list?ids[]=1|2', '/list', '?ids[]=1|2'],
    ['/list?filter={a:`b`}\\c^', '/list', '?filter={a:`b`}\\c^'],
    ['/a|b/[c]', '/a|b/[c]', ''],
    ['/list?', '/list', ''],
  ])('takes %j, in which a browser escapes no more', (target, path, query) => {
    expect(parseRequestTarget(target)).toEqual({ path, query, authority: null })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (target) => {
        expect(parseRequestTarget(`/${target}`)?.path.startsWith('/') ?? true).toBe(true)
      }),
    )
  })
})
