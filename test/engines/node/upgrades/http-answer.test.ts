import { describe, expect, it } from 'vitest'

import {
  encodeAnswer,
  encodeSwitch,
  PreparedAnswer,
  sentence,
} from '../../../../src/engines/node/upgrades/http-answer.ts'

const DATE = new Date(Date.UTC(2026, 10, 22, 12, 0, 5))

describe('encodeSwitch()', () => {
  it('writes the headers in their order, repeated ones too', () => {
    const head = encodeSwitch([
      ['Upgrade', 'websocket'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])

    expect(head).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n',
    )
  })

  it('writes the first headers of each answer, whatever the answer before had', () => {
    const upgrade = ['Upgrade', 'websocket'] as const
    const one = encodeSwitch([upgrade, ['a', '1'], ['b', '2']])
    const other = encodeSwitch([upgrade, ['c', '3']])

    expect(one).toContain('\r\nUpgrade: websocket\r\na: 1\r\nb: 2\r\n\r\n')
    expect(other).toContain('\r\nUpgrade: websocket\r\nc: 3\r\n\r\n')
    expect(encodeSwitch([])).toBe('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  })

  it('writes nothing but Latin-1', () => {
    expect(encodeSwitch([['x', 'é']])).toContain('\r\nx: \u00e9\r\n')
  })

  for (const [name, value] of [
    ['x-name', 'a\r\nset-cookie: stolen=1'],
    ['x-name', 'a\nb'],
    ['x-name', 'a\0b'],
    ['x-name', '\u{1f600}'],
    ['x name', 'a'],
    ['x\r\ny', 'a'],
    ['', 'a'],
  ] as const) {
    it(`throws for the header ${JSON.stringify(name)}: ${JSON.stringify(value)}`, () => {
      expect(() => encodeSwitch([[name, value]])).toThrow(TypeError)
    })
  }
})

describe('encodeAnswer()', () => {
  it('frames the body and ends the connection', () => {
    const answer = { status: 400, headers: [['x', 'y']], body: Buffer.from('No.\n') } as const

    expect(encodeAnswer(answer, 'GET', DATE).toString('latin1')).toBe(
      'HTTP/1.1 400 Bad Request\r\nx: y\r\ndate: Sun, 22 Nov 2026 12:00:05 GMT\r\n' +
        'content-length: 4\r\nconnection: close\r\n\r\nNo.\n',
    )
  })

  it('keeps Connection: Upgrade beside its own token', () => {
    const headers = [
      ['upgrade', 'websocket'],
      ['connection', 'Upgrade'],
    ] as const

    expect(
      encodeAnswer({ status: 426, headers, body: Buffer.alloc(0) }, 'GET', DATE).toString(),
    ).toBe(
      'HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\ndate: Sun, 22 Nov 2026 12:00:05 GMT\r\n' +
        'content-length: 0\r\nconnection: Upgrade, close\r\n\r\n',
    )
  })

  it('leaves the body out of an answer to HEAD, but not its length', () => {
    const text = encodeAnswer(sentence(400, 'No'), 'HEAD', DATE).toString()

    expect(text).toContain('content-length: 3\r\n')
    expect(text.endsWith('\r\n\r\n')).toBe(true)
  })

  it('gives 204 neither a body nor a length', () => {
    const text = encodeAnswer(
      { status: 204, headers: [], body: Buffer.from('x') },
      'GET',
      DATE,
    ).toString()

    expect(text).toBe(
      'HTTP/1.1 204 No Content\r\ndate: Sun, 22 Nov 2026 12:00:05 GMT\r\nconnection: close\r\n\r\n',
    )
  })

  it('writes a status without a registered phrase', () => {
    expect(
      encodeAnswer({ status: 599, headers: [], body: Buffer.alloc(0) }, 'GET', DATE).toString(),
    ).toMatch(/^HTTP\/1\.1 599 Unknown\r\n/)
  })

  it('throws for a line break in Connection too', () => {
    const answer = {
      status: 426,
      headers: [['Connection', 'a\r\nb: c']],
      body: Buffer.alloc(0),
    } as const

    expect(() => encodeAnswer(answer, 'GET', DATE)).toThrow(TypeError)
  })
})

describe('sentence()', () => {
  it('is plain text in UTF-8 with a line end', () => {
    expect(sentence(404, 'Nö')).toEqual({
      status: 404,
      headers: [['content-type', 'text/plain; charset=utf-8']],
      body: Buffer.from([0x4e, 0xc3, 0xb6, 0x0a]),
    })
  })
})

describe('PreparedAnswer', () => {
  const NO = { status: 503, headers: [['x', 'y']], body: Buffer.from('No.\n') } as const
  const OTHER = { ...NO, status: 429 }

  it('encodes the same answer once a second', () => {
    const prepared = new PreparedAnswer()
    const first = prepared.encode(NO, DATE)

    expect(first).toEqual(encodeAnswer(NO, 'GET', DATE))
    expect(prepared.encode(NO, new Date(DATE.getTime() + 999))).toBe(first)
    const later = new Date(DATE.getTime() + 1000)
    expect(prepared.encode(NO, later)).toEqual(encodeAnswer(NO, 'GET', later))
  })

  it('encodes another answer anew', () => {
    const prepared = new PreparedAnswer()
    prepared.encode(NO, DATE)

    expect(prepared.encode(OTHER, DATE)).toEqual(encodeAnswer(OTHER, 'GET', DATE))
    expect(prepared.encode(NO, DATE)).toEqual(encodeAnswer(NO, 'GET', DATE))
  })
})
