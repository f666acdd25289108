import { describe, expect, it } from 'vitest'

import { addressKey, isOwnNetwork } from '../../../src/application/upgrades/client-address.ts'

describe('addressKey()', () => {
  it.each([
    ['', null],
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['not:an:address', 'not:an:address'],
  ])('counts %j under %j', (remoteHost, key) => {
    expect(addressKey(remoteHost)).toBe(key)
  })

  it('tells neighbouring networks of IPv6 apart', () => {
    expect(addressKey('2001:db8:1:2::1')).not.toBe(addressKey('2001:db8:1:3::1'))
  })
})

describe('isOwnNetwork()', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '100.127.0.1',
    '::1',
    'fd00::1',
    'fc12::1',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])('%s is of a network of our own', (address) => {
    expect(isOwnNetwork(addressKey(address) ?? '')).toBe(true)
  })

  it.each([
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '110.0.0.1',
    '2001:db8::1',
    'fe00::1',
    '::ffff:8.8.8.8',
    '::2:0:0:0:1',
  ])('%s is not', (address) => {
    expect(isOwnNetwork(addressKey(address) ?? '')).toBe(false)
  })
})
