import { describe, expect, it, vi } from 'vitest'

import { type ProxyTrust, readTrust } from '../../src/forwarded/proxy-trust.ts'

const ACT = 'install ForwardedHeaders'

describe('readTrust()', () => {
  it.each<[ProxyTrust, string, boolean]>([
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.7', '::ffff:192.0.2.7', true],
    ['2001:db8::7', '2001:DB8:0:0:0:0:0:7', true],
    ['2001:db8::7', '2001:db8::8', false],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/255.0.0.0', '10.255.0.1', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/32', '10.0.0.1', false],
    ['loopback', '127.0.0.1', true],
    ['loopback', '127.9.9.9', true],
    ['loopback', '::1', true],
    ['loopback', '::ffff:127.0.0.1', true],
    ['loopback', '10.0.0.1', false],
    ['uniquelocal', '172.31.0.1', true],
    ['uniquelocal', '172.32.0.1', false],
    ['uniquelocal', 'fd00::1', true],
    ['linklocal', 'fe80::1', true],
    [['loopback', '203.0.113.0/24'], '203.0.113.9', true],
    [['loopback', '203.0.113.0/24'], '::1', true],
    [['loopback', '203.0.113.0/24'], '203.0.114.9', false],
    [[], '127.0.0.1', false],
  ])('with %j and %s answers %s', (trust, address, expected) => {
    expect(readTrust(ACT, trust)(address, 0)).toBe(expected)
  })

  it.each(['', 'unknown', '_hidden', '127.0.0.1, 10.0.0.1', 'localhost'])(
    'trusts no proxy by address whose address is %j',
    (address) => {
      expect(readTrust(ACT, ['loopback', 'uniquelocal'])(address, 0)).toBe(false)
    },
  )

  it('with a number trusts that many, whatever their addresses', () => {
    const isTrusted = readTrust(ACT, 2)

    expect([0, 1, 2, 3].map((nearer) => isTrusted('', nearer))).toEqual([true, true, false, false])
    expect(readTrust(ACT, 0)('127.0.0.1', 0)).toBe(false)
  })

  it('with a function trusts where it answers true and nothing else', () => {
    const trust = vi.fn<(address: string, nearer: number) => boolean>(
      (address) => address === '192.0.2.7',
    )
    const isTrusted = readTrust(ACT, trust)

    expect(isTrusted('192.0.2.7', 0)).toBe(true)
    expect(isTrusted('192.0.2.8', 1)).toBe(false)
    expect(trust.mock.calls).toEqual([
      ['192.0.2.7', 0],
      ['192.0.2.8', 1],
    ])
    // @ts-expect-error -- what JavaScript may do
    expect(readTrust(ACT, () => 'yes')('192.0.2.7', 0)).toBe(false)
  })

  it.each([
    [undefined, 'is undefined'],
    [null, 'is null'],
    [true, 'is a boolean'],
    [{}, 'is an object'],
  ])('refuses %j: who is trusted has to be said', (trust, what) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => readTrust(ACT, trust)).toThrow(
      new TypeError(
        `Cannot install ForwardedHeaders: option "trust" ${what}, expected addresses of proxies, how many there are, or a function`,
      ),
    )
  })

  it.each([
    '*',
    'all',
    'proxy.example.com',
    '',
    '10/8',
    '127.1',
    '0x7f.0.0.1',
    '192.0.2.7:8080',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/x',
    '0.0.0.0/0',
    '::/0',
    'loopback, 10.0.0.0/8',
  ])('refuses %j, which is no range of addresses', (trust) => {
    expect(() => readTrust(ACT, trust)).toThrow(
      new TypeError(
        `Cannot install ForwardedHeaders: option "trust" has "${trust}", expected an address, a range such as "10.0.0.0/8", "loopback", "linklocal" or "uniquelocal"`,
      ),
    )
    expect(() => readTrust(ACT, ['loopback', trust])).toThrow(TypeError)
  })

  it.each([-1, 1.5, Infinity, Number.NaN])('refuses %d as a number of proxies', (trust) => {
    expect(() => readTrust(ACT, trust)).toThrow(
      new RangeError(
        `Cannot install ForwardedHeaders: option "trust" is ${trust}, expected a whole number of 0 or above`,
      ),
    )
  })

  it('refuses what is no text in a list', () => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => readTrust(ACT, [7])).toThrow(/option "trust" has 7, expected an address/)
  })
})
