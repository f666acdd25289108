import parse from 'forwarded-parse'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { IncomingRequest } from '../../src/application/calls/request.ts'
import { HandshakeError } from '../../src/protocol/index.ts'
import {
  type ForwardedHeaderName,
  parseNode,
  readForwarded,
  readXForwarded,
} from '../../src/forwarded/forwarding.ts'
import { upgradeRequest } from '../application/upgrade-client.ts'

const ALL: ReadonlySet<ForwardedHeaderName> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
])

function requestWith(...headers: string[]): IncomingRequest {
  const raw = upgradeRequest('/', { extraHeaders: headers })
  return new IncomingRequest(raw, { path: '/', query: '', authority: null }, [])
}

describe('readXForwarded()', () => {
  it('reads lists, over several lines', () => {
    const request = requestWith(
      'X-Forwarded-For',
      '203.0.113.9,  10.0.0.1',
      'X-FORWARDED-PROTO',
      'https',
      'x-forwarded-for',
      '10.0.0.2',
      'X-Forwarded-Host',
      'chat.example.com:8443',
      'X-Forwarded-Port',
      '8443',
    )

    expect(readXForwarded(request, ALL)).toEqual({
      for: ['203.0.113.9', '10.0.0.1', '10.0.0.2'],
      proto: ['https'],
      host: ['chat.example.com:8443'],
      port: ['8443'],
    })
  })

  it('reads nothing that it is not told to', () => {
    const request = requestWith(
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-Host',
      'evil.example',
    )

    expect(readXForwarded(request, new Set(['x-forwarded-for']))).toEqual({
      for: ['203.0.113.9'],
      proto: [],
      host: [],
      port: [],
    })
    expect(readXForwarded(requestWith('X-Forwarded-For', ''), ALL).for).toEqual([])
  })
})

describe('readForwarded()', () => {
  it('reads the examples of RFC 7239', () => {
    expect(
      readForwarded(
        requestWith(
          'Forwarded',
          'For="[2001:db8:cafe::17]:4711"',
          'Forwarded',
          'for=192.0.2.43;proto=http;by=203.0.113.60, for=198.51.100.17;host="a.example:81"',
        ),
        parse,
      ),
    ).toEqual({
      for: ['[2001:db8:cafe::17]:4711', '192.0.2.43', '198.51.100.17'],
      proto: ['', 'http', ''],
      host: ['', '', 'a.example:81'],
      port: [],
    })
    expect(readForwarded(requestWith(), parse).for).toEqual([])
  })

  it.each([
    'for',
    'for=',
    'for="192.0.2.1',
    'for=[2001:db8::1]',
    'for=192.0.2.1;;proto=http',
    'for=192.0.2.1,,for=192.0.2.2',
    ', for=192.0.2.1',
    'for=192.0.2.1 proto=http',
    '<script>',
  ])('throws for %j, and does not repeat it', (header) => {
    const read = (): unknown => readForwarded(requestWith('Forwarded', header), parse)

    expect(read).toThrow(HandshakeError)
    expect(read).toThrow(/^Cannot upgrade: the Forwarded header is invalid \(RFC 7239\)$/)
  })

  it('answers or throws HandshakeError, whatever comes', () => {
    const text = fc.string({ unit: fc.constantFrom(...'for=;,"\\ []:_aA1.\t'.split('')) })
    fc.assert(
      fc.property(text, (header) => {
        expect(outcomeOf(() => readForwarded(requestWith('Forwarded', header), parse))).toMatch(
          /^(read|HandshakeError)$/,
        )
      }),
    )
  })
})

describe('parseNode()', () => {
  it.each([
    ['192.0.2.43', '192.0.2.43', null],
    ['192.0.2.43:47011', '192.0.2.43', 47_011],
    ['192.0.2.43:_port', '192.0.2.43', null],
    ['2001:db8::17', '2001:db8::17', null],
    ['[2001:db8::17]', '2001:db8::17', null],
    ['[2001:db8::17]:4711', '2001:db8::17', 4711],
    ['::ffff:192.0.2.43', '192.0.2.43', null],
    ['[::ffff:192.0.2.43]:80', '192.0.2.43', 80],
    ['unknown', '', null],
    ['Unknown', '', null],
    ['_hidden', '', null],
    ['_SEVKISEK:8080', '', null],
  ])('reads %s', (text, host, port) => {
    expect(parseNode(text)).toEqual({ host, port })
  })

  it.each([
    '',
    'example.com',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.0.0.1.',
    '192.0.2.43:',
    '192.0.2.43:65536',
    '192.0.2.43:1:2',
    '192.0.2.43 ',
    '192.0.2.43\r\nX: y',
    '[192.0.2.43]',
    '2001:db8::17:port',
    '[2001:db8::17',
    '[2001:db8::17]4711',
    '[]',
    '_',
    '_a b',
    'null',
  ])('takes %j for no address', (text) => {
    expect(parseNode(text)).toBe(null)
  })
})

function outcomeOf(act: () => unknown): string {
  try {
    act()
    return 'read'
  } catch (error) {
    return error instanceof HandshakeError ? 'HandshakeError' : String(error)
  }
}
