import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatExtensions,
  HttpHeaders,
  listHas,
  parseExtensions,
  parseTokenList,
  trimBlanks,
} from '../../../src/protocol/handshake/headers.ts'

describe('HttpHeaders', () => {
  const headers = new HttpHeaders(['Host', 'a', 'X-Two', '1', 'x-two', '2', 'Empty', ''])

  it('HttpHeaders.get() compares names without case and joins values', () => {
    expect(headers.get('host')).toBe('a')
    expect(headers.get('X-TWO')).toBe('1, 2')
    expect(headers.get('empty')).toBe('')
    expect(headers.get('missing')).toBeNull()
  })

  it('HttpHeaders.getAll() gives one value for each line', () => {
    expect(headers.getAll('x-two')).toEqual(['1', '2'])
    expect(headers.getAll('missing')).toEqual([])
  })

  it('HttpHeaders.has() tells an empty value from none', () => {
    expect(headers.has('EMPTY')).toBe(true)
    expect(headers.has('missing')).toBe(false)
  })

  it('HttpHeaders take no other character for a letter', () => {
    const odd = new HttpHeaders(['[ost', 'a', '\u212aey', 'b', 'x\u0001', 'c'])

    expect(odd.get('{ost')).toBeNull()
    expect(odd.get('key')).toBeNull()
    expect(odd.get('x!')).toBeNull()
  })

  it('HttpHeaders are iterated as they came', () => {
    expect([...headers]).toEqual([
      ['Host', 'a'],
      ['X-Two', '1'],
      ['x-two', '2'],
      ['Empty', ''],
    ])
  })

  it('HttpHeaders know no names but those that came', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(headers.has(name)).toBe(false)
    }
    expect(new HttpHeaders(['__proto__', 'x']).get('__PROTO__')).toBe('x')
  })
})

describe('parseTokenList()', () => {
  it('parseTokenList() reads tokens, with blanks around them and empty elements between', () => {
    expect(parseTokenList('chat')).toEqual(['chat'])
    expect(parseTokenList(' a ,\tb,,c , ')).toEqual(['a', 'b', 'c'])
    expect(parseTokenList('')).toEqual([])
  })

  it('parseTokenList() answers null when an element is no token', () => {
    for (const value of ['a b', 'a;b', '"a"', 'a, b c', 'ä', '\u00a0a'])
      expect(parseTokenList(value)).toBeNull()
  })
})

describe('listHas()', () => {
  it('listHas() finds an element without regard to case, and no part of one', () => {
    expect(listHas('keep-alive, UPGRADE', 'upgrade')).toBe(true)
    expect(listHas('keep-alive,\tUpgrade ', 'upgrade')).toBe(true)
    expect(listHas('upgrade-insecure', 'upgrade')).toBe(false)
    expect(listHas('not upgrade', 'upgrade')).toBe(false)
    expect(listHas('', 'upgrade')).toBe(false)
  })
})

describe('trimBlanks()', () => {
  it('trimBlanks() takes spaces and tabs away, and nothing else', () => {
    expect(trimBlanks(' \t a b \t')).toBe('a b')
    expect(trimBlanks('\u00a0a\n')).toBe('\u00a0a\n')
    expect(trimBlanks('  ')).toBe('')
  })
})

describe('parseExtensions()', () => {
  it('parseExtensions() reads the examples of RFC 6455 §9.1 and RFC 7692 §7', () => {
    expect(parseExtensions('foo, bar; baz=2')).toEqual([
      { name: 'foo', parameters: [] },
      { name: 'bar', parameters: [['baz', '2']] },
    ])
    expect(
      parseExtensions(
        'permessage-deflate; client_max_window_bits; server_max_window_bits=10 , permessage-deflate',
      ),
    ).toEqual([
      {
        name: 'permessage-deflate',
        parameters: [
          ['client_max_window_bits', null],
          ['server_max_window_bits', '10'],
        ],
      },
      { name: 'permessage-deflate', parameters: [] },
    ])
  })

  it('parseExtensions() undoes quotes and escapes around a token', () => {
    expect(parseExtensions('a; b="10"')).toEqual([{ name: 'a', parameters: [['b', '10']] }])
    expect(parseExtensions('a; b="1\\0"')).toEqual([{ name: 'a', parameters: [['b', '10']] }])
  })

  it('parseExtensions() skips empty elements (RFC 9110 §5.6.1.2)', () => {
    const a = { name: 'a', parameters: [] }
    const b = { name: 'b', parameters: [['c', '1']] }

    for (const value of ['', ' ', ',', ' , ,\t']) expect(parseExtensions(value)).toEqual([])
    for (const value of ['a,', ',a', ' , a , '] as const)
      expect(parseExtensions(value)).toEqual([a])
    expect(parseExtensions('a,, b; c=1 ,')).toEqual([a, b])
  })

  it('parseExtensions() answers null for what is not of the grammar', () => {
    for (const value of [
      ';',
      ',;',
      'a;',
      'a;,b',
      'a; =b',
      'a; b=',
      'a; b=""',
      'a; b="x y"',
      'a; b="x',
      'a; b="x\\',
      'a b',
      'a; b c',
      'a; b=c d',
      '"a"',
      'a;;b',
    ]) {
      expect([value, parseExtensions(value)]).toEqual([value, null])
    }
  })

  it('parseExtensions() takes back what formatExtensions() makes', () => {
    const token = fc.stringMatching(/^[a-z0-9_-]{1,8}$/)
    const parameter = fc.tuple(token, fc.option(token, { nil: null }))
    const offer = fc.record({ name: token, parameters: fc.array(parameter, { maxLength: 4 }) })
    fc.assert(
      fc.property(fc.array(offer, { minLength: 1, maxLength: 4 }), (offers) => {
        expect(parseExtensions(formatExtensions(offers))).toEqual(offers)
      }),
    )
  })

  it('parseExtensions() and parseTokenList() take any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        parseExtensions(text)
        parseTokenList(text)
      }),
    )
  })

  it('parseExtensions() and parseTokenList() take time linear to hostile text (CVE-2021-32640)', () => {
    // Each of these is minutes of work for something quadratic, and an instant otherwise.
    const size = 1_000_000
    for (const text of [
      `a${' '.repeat(size)}b`,
      `a; b="${'\\'.repeat(size)}`,
      `a${';b'.repeat(size / 2)} !@`,
      'a,'.repeat(size / 2),
      '\t '.repeat(size / 2),
    ]) {
      parseExtensions(text)
      parseTokenList(text)
      listHas(text, 'upgrade')
    }
  })
})

describe('formatExtensions()', () => {
  it('formatExtensions() writes names and parameters', () => {
    expect(
      formatExtensions([
        {
          name: 'a',
          parameters: [
            ['b', null],
            ['c', '1'],
          ],
        },
        { name: 'd', parameters: [] },
      ]),
    ).toBe('a; b; c=1, d')
  })
})
