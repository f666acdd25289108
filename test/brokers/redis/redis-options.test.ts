import { describe, expect, it } from 'vitest'
import { readRedisOptions } from '../../../src/brokers/redis/redis-options.ts'

describe('readRedisOptions()', () => {
  it('the defaults are a local Redis and a new epoch after a restart', async () => {
    const settings = readRedisOptions({})

    expect(settings).toMatchObject({ url: 'redis://localhost:6379', isTrusted: false, tls: false })
    expect(await settings.password()).toBeNull()
  })

  it('a URL of another scheme is refused, without a word of what it holds', () => {
    const read = (): unknown => readRedisOptions({ url: 'http://user:secret@host' })

    expect(read).toThrow(TypeError)
    expect(read).not.toThrow(/secret/)
  })

  it('an unknown option is refused', () => {
    // @ts-expect-error there is no such option
    expect(() => readRedisOptions({ uri: 'redis://a' })).toThrow(/unknown option "uri"/)
  })

  it('both a URL and sentinels are refused, and so are no sentinels', () => {
    const sentinel = { name: 'main', addresses: [{ host: 'a', port: 26379 }] }

    expect(() => readRedisOptions({ url: 'redis://a', sentinel })).toThrow(TypeError)
    expect(() => readRedisOptions({ sentinel: { name: 'main', addresses: [] } })).toThrow(TypeError)
    expect(readRedisOptions({ sentinel }).url).toBeNull()
  })

  it('a cluster needs addresses, and no URL beside them', () => {
    const cluster = [{ host: 'a', port: 7000 }]

    expect(readRedisOptions({ cluster })).toMatchObject({ url: null, cluster })
    expect(() => readRedisOptions({ cluster, url: 'redis://a' })).toThrow(
      'both "url" and "cluster" are given',
    )
    expect(() => readRedisOptions({ cluster: [] })).toThrow('option "cluster" is invalid')
    // @ts-expect-error an address is no string
    expect(() => readRedisOptions({ cluster: ['a:7000'] })).toThrow('option "cluster" is invalid')
  })

  it('a password may be a function, which is called for each connection', async () => {
    let calls = 0
    const settings = readRedisOptions({ password: () => `token ${++calls}` })

    expect([await settings.password(), await settings.password()]).toEqual(['token 1', 'token 2'])
  })
})
