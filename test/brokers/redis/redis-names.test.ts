import { describe, expect, it } from 'vitest'
import { RedisNames } from '../../../src/brokers/redis/redis-names.ts'

describe('RedisNames', () => {
  it('all keys of a topic have the same hash tag, whatever its name holds', () => {
    const names = new RedisNames('shop')
    const { meta, log, channel } = names.topic('rooms/{a}:1')
    const keys = [meta, log, channel, names.identity('rooms/{a}:1', { id: '}' })]

    const tags = keys.map((key) => /\{(.*?)\}/.exec(key)?.[1])

    expect(new Set(tags).size).toBe(1)
    expect(tags[0]).toMatch(/^\d{1,3}$/)
  })

  it('no two identities have the same key', () => {
    const names = new RedisNames('shop')
    const keys = [
      names.identity('a', { id: 'b:c' }),
      names.identity('a:b', { id: 'c' }),
      names.identity('a:i:b', { id: 'c' }),
      names.identity('a', { id: 'i:b:c' }),
      names.identity('a', { lane: 'b:c', sequence: 1 }),
      names.identity('ab', { id: 'c' }),
    ].map((key) => key.replace(/\{\d+\}/, ''))

    expect(new Set(keys).size).toBe(keys.length)
  })

  it('T-56 names of two namespaces never meet', () => {
    expect(new RedisNames('a').wire('b')).not.toBe(new RedisNames('b').wire('b'))
    expect(new RedisNames('a').topic('x').log).not.toBe(new RedisNames('b').topic('x').log)
  })
})
