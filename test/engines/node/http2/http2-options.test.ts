import { expect, it } from 'vitest'

import { embeddedServer } from '../../../../src/index.ts'
import { HTTP2_OPTIONS } from '../../../../src/engines/node/http2/http2-options.ts'
import { optionReader } from '../../../../src/base/internal.ts'
import { certificate } from '../../../support/certificate.ts'

const make = (options: object): unknown => embeddedServer({ port: 0, ...options }, () => {})

it('the defaults are 100 sockets, 2 minutes, 512 KiB and 4 MiB', () => {
  expect(HTTP2_OPTIONS.read(optionReader('make the server'), {})).toEqual({
    maxSocketsPerConnection: 100,
    idleTimeout: 120_000,
    streamWindow: 524_288,
    connectionWindow: 4_194_304,
    cleartext: false,
  })
})

it.each([
  ['without tls', { http2: true }, 'option "http2" requires "tls"'],
  [
    'beside ALPNProtocols',
    { http2: true, tls: { ...certificate, ALPNProtocols: ['h2'] } },
    'option "tls.ALPNProtocols" cannot be combined with "http2"',
  ],
  [
    'beside ALPNCallback',
    { http2: true, tls: { ...certificate, ALPNCallback: () => 'h2' } },
    'option "tls.ALPNCallback" cannot be combined with "http2"',
  ],
  [
    'with cleartext beside tls',
    { http2: { cleartext: true }, tls: certificate },
    'option "http2.cleartext" cannot be combined with "tls"',
  ],
  [
    'with an unknown option',
    { http2: { maxSocket: 3 }, tls: certificate },
    'unknown option "http2.maxSocket"',
  ],
  [
    'with a window of 0',
    { http2: { streamWindow: 0 }, tls: certificate },
    'option "http2.streamWindow" is 0',
  ],
  ['with a word', { http2: 'yes', tls: certificate }, 'option "http2"'],
])('http2 %s is refused where it is given', (_name, options, message) => {
  expect(() => make(options)).toThrow(message)
})

it('an Express application is refused: it throws for every request of HTTP/2', () => {
  const express = Object.assign(() => {}, {
    handle() {},
    set() {},
    engine() {},
    render() {},
  })

  expect(() => make({ http2: true, tls: certificate, http: express })).toThrow(
    'option "http" is an Express application beside "http2"',
  )
  expect(() => make({ tls: certificate, http: express })).not.toThrow()
})
