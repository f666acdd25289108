import { describe, expect, it } from 'vitest'
import { messageIdOf, NatsNames, tokenOf } from '../../../src/brokers/nats/nats-names.ts'

describe('tokenOf()', () => {
  it('T-57 no name makes a wildcard, a separator or a subject of the system', () => {
    for (const name of ['*', '>', 'a.b', 'a b', '$JS', 'ä', '\r\n', '=2A', '']) {
      expect(tokenOf(name)).toMatch(/^[A-Za-z0-9_=-]+$/)
    }
  })

  it('two names make two tokens', () => {
    const names = ['*', '=2A', '=3D2A', 'a/b', 'a=2Fb', 'a', 'A', '', '=']

    expect(new Set(names.map(tokenOf)).size).toBe(names.length)
  })
})

describe('NatsNames', () => {
  it('a kind with a long pattern has a name that a file may have, and its own', () => {
    const names = new NatsNames('shop')
    const long = 'segment/'.repeat(30)

    const one = names.kind(`${long}a`).stream
    const two = names.kind(`${long}b`).stream

    expect(one.length).toBeLessThan(200)
    expect(one).not.toBe(two)
  })

  it('T-56 streams and subjects of two namespaces never meet', () => {
    const one = new NatsNames('a').kind('b_c')
    const two = new NatsNames('a_b').kind('c')

    expect(one.stream).not.toBe(two.stream)
    expect(one.stored).not.toBe(two.stored)
    expect(new NatsNames('a').wire('x')).not.toBe(new NatsNames('b').wire('x'))
  })
})

describe('messageIdOf()', () => {
  it('an id depends on the topic, and on whether it is a lane', () => {
    const ids = [
      messageIdOf('a', { id: 'b' }),
      messageIdOf('ab', { id: '' }),
      messageIdOf('a', { lane: 'b', sequence: 1 }),
      messageIdOf('a', { lane: 'b1', sequence: 1 }),
      messageIdOf('a', { lane: 'b', sequence: 11 }),
    ]

    expect(new Set(ids).size).toBe(ids.length)
  })

  it('T-57 an id is letters that a header may hold', () => {
    expect(messageIdOf('a', { id: 'x\r\nNats-Rollup: all' })).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })
})
