import { describe, expect, it } from 'vitest'
import { isSameOrigin, readRedirect, readUrl } from '../../../src/client/opening/client-url.ts'

const read = (url: string | URL): string => readUrl('open', url).url.href

describe('readUrl()', () => {
  it.each([
    ['ws://example.com', 'ws://example.com/'],
    ['wss://example.com:443/a?b=c', 'wss://example.com/a?b=c'],
    ['http://example.com/a', 'ws://example.com/a'],
    ['https://example.com:8443/', 'wss://example.com:8443/'],
    ['ws://[::1]:8080/', 'ws://[::1]:8080/'],
    ['WS://EXAMPLE.com/%23', 'ws://example.com/%23'],
  ])('reads %s as %s', (given, expected) => {
    expect(read(given)).toBe(expected)
  })

  it('takes a URL, and leaves it as it is', () => {
    const url = new URL('https://ada:secret@example.com/')

    expect(read(url)).toBe('wss://example.com/')
    expect(url.href).toBe('https://ada:secret@example.com/')
  })

  it.each(['ws://example.com/#a', 'ws://example.com/#', 'ws://example.com/?a#'])(
    'refuses the fragment of %s (RFC 6455 §3)',
    (url) => {
      expect(() => readUrl('open', url)).toThrow(
        new TypeError('Cannot open: the URL has a fragment, expected none (RFC 6455 §3)'),
      )
    },
  )

  it.each(['ftp://secret.example/', 'file:///secret', 'data:secret', 'secret:'])(
    'refuses %s, and does not repeat it',
    (url) => {
      expect(() => readUrl('open', url)).toThrow(
        new TypeError('Cannot open: the URL has an unknown scheme, expected ws: or wss:'),
      )
    },
  )

  it.each(['/secret', 'secret', '', 'ws://', 'ws://a b/'])('refuses %j', (url) => {
    expect(() => readUrl('open', url)).toThrow(
      new TypeError(
        'Cannot open: the URL is invalid or relative, expected an absolute URL such as "wss://example.com/path"',
      ),
    )
  })

  it('refuses what is no URL at all', () => {
    // @ts-expect-error -- what a caller without types may write
    expect(() => readUrl('open', 7)).toThrow('the URL is 7')
  })

  it.each([
    ['ws://ada:secret@example.com/', 'Basic YWRhOnNlY3JldA=='],
    ['ws://ada@example.com/', 'Basic YWRhOg=='],
    ['ws://:secret@example.com/', 'Basic OnNlY3JldA=='],
    ['ws://a%3Ab:gr%C3%BC%C3%9F@example.com/', 'Basic YTpiOmdyw7zDnw=='],
    ['ws://100%:x@example.com/', 'Basic MTAwJTp4'],
    ['ws://example.com/', null],
  ])('makes the credentials of %s those of HTTP', (url, expected) => {
    const target = readUrl('open', url)

    expect(target.authorization).toBe(expected)
    expect(target.url.href).toBe('ws://example.com/')
  })
})

describe('readRedirect()', () => {
  const from = new URL('wss://example.com/a/b')
  const target = (location: string): unknown => {
    const redirect = readRedirect(from, location)
    return redirect.type === 'target' ? redirect.url.href : redirect.why
  }

  it.each([
    ['/c', 'wss://example.com/c'],
    ['c?d', 'wss://example.com/a/c?d'],
    ['https://other.example/', 'wss://other.example/'],
    ['//other.example:8443', 'wss://other.example:8443/'],
    ['wss://ada:secret@other.example/#x', 'wss://other.example/'],
  ])('follows %s to %s', (location, expected) => {
    expect(target(location)).toBe(expected)
  })

  it.each([
    ['ws://example.com/', 'with a Location from wss: to ws:'],
    ['http://example.com/', 'with a Location from wss: to ws:'],
    ['ftp://example.com/', 'with an unknown scheme in Location'],
    ['https://[', 'with an invalid Location'],
  ])('does not follow %s, %s', (location, why) => {
    expect(target(location)).toBe(why)
  })

  it('does not follow nothing', () => {
    expect(readRedirect(from, null)).toEqual({ type: 'refused', why: 'without a Location header' })
  })

  it('follows from ws: to wss:', () => {
    const redirect = readRedirect(new URL('ws://example.com/'), 'wss://example.com/')

    expect(redirect).toMatchObject({ type: 'target' })
  })
})

describe('isSameOrigin()', () => {
  it.each([
    ['ws://a/x', 'ws://a:80/y', true],
    ['ws://a/', 'wss://a/', false],
    ['ws://a/', 'ws://b/', false],
    ['ws://a/', 'ws://a:81/', false],
  ])('of %s and %s is %s', (one, other, expected) => {
    expect(isSameOrigin(new URL(one), new URL(other))).toBe(expected)
  })
})
