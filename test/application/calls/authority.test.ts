import { describe, expect, it } from 'vitest'

import {
  defaultPort,
  parseAuthority,
  parseOrigin,
  sameOrigin,
} from '../../../src/application/calls/authority.ts'

describe('parseAuthority()', () => {
  it('reads one after another, and the same again', () => {
    const texts = ['a.example', 'a.example', 'b.example:81', '', 'a.example', '@', '@', '']
    const hosts = ['a.example', 'a.example', 'b.example', null, 'a.example', null, null, null]

    expect(texts.map((text) => parseAuthority(text)?.host ?? null)).toEqual(hosts)
  })

  it.each([
    ['example.com', { host: 'example.com', port: null }],
    ['example.com:8080', { host: 'example.com', port: 8080 }],
    ['example.com:', { host: 'example.com', port: null }],
    ['EXAMPLE.com', { host: 'example.com', port: null }],
    ['[::1]', { host: '::1', port: null }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[0:0:0:0:0:0:0:1]', { host: '::1', port: null }],
    ['127.1', { host: '127.0.0.1', port: null }],
    ['bücher.example', { host: 'xn--bcher-kva.example', port: null }],
    ['example.com:65535', { host: 'example.com', port: 65535 }],
  ])('reads %s', (text, authority) => {
    expect(parseAuthority(text)).toEqual(authority)
  })

  it.each([
    '',
    ':80',
    'example.com:65536',
    'example.com:-1',
    'example.com:80a',
    'user@example.com',
    'example.com/path',
    'example.com?q',
    'example.com#f',
    'example.com\\evil',
    'exa mple.com',
    '[::1',
    '::1',
    '[nothing]',
    'example.com:80:90',
  ])('refuses %j', (text) => {
    expect(parseAuthority(text)).toBe(null)
  })
})

describe('parseOrigin()', () => {
  it.each([
    ['https://example.com', { scheme: 'https', host: 'example.com', port: 443 }],
    ['http://example.com', { scheme: 'http', host: 'example.com', port: 80 }],
    ['http://example.com:80', { scheme: 'http', host: 'example.com', port: 80 }],
    ['HTTPS://Example.COM:8443', { scheme: 'https', host: 'example.com', port: 8443 }],
    ['http://[::1]:3000', { scheme: 'http', host: '::1', port: 3000 }],
    ['chrome-extension://abcdef', { scheme: 'chrome-extension', host: 'abcdef', port: null }],
  ])('reads %s', (text, origin) => {
    expect(parseOrigin(text)).toEqual(origin)
  })

  it.each([
    'null',
    '',
    'example.com',
    '//example.com',
    'https://',
    'https://example.com/',
    'https://user@example.com',
    'https://example.com@evil.example',
    'https://example.com https://evil.example',
    'https://example.com, https://evil.example',
    'https:example.com',
  ])('refuses %j', (text) => {
    expect(parseOrigin(text)).toBe(null)
  })
})

describe('sameOrigin()', () => {
  it('compares scheme, host and port', () => {
    const origin = { scheme: 'https', host: 'example.com', port: 443 }

    expect(sameOrigin(origin, { ...origin })).toBe(true)
    expect(sameOrigin(origin, { ...origin, scheme: 'http' })).toBe(false)
    expect(sameOrigin(origin, { ...origin, host: 'example.com.evil.example' })).toBe(false)
    expect(sameOrigin(origin, { ...origin, port: 8443 })).toBe(false)
  })
})

describe('defaultPort()', () => {
  it('knows the schemes of the web and no other', () => {
    expect(defaultPort('http')).toBe(80)
    expect(defaultPort('wss')).toBe(443)
    expect(defaultPort('capacitor')).toBe(null)
  })
})
