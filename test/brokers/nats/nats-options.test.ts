import { describe, expect, it } from 'vitest'
import { readNatsOptions } from '../../../src/brokers/nats/nats-options.ts'

describe('readNatsOptions()', () => {
  it('the defaults are a local NATS and a new epoch after a restart', () => {
    expect(readNatsOptions({})).toMatchObject({
      connection: { servers: ['localhost:4222'] },
      replicas: null,
      isTrusted: false,
    })
  })

  it('what logs in is handed to the package', () => {
    const { connection } = readNatsOptions({ servers: ['a', 'b'], user: 'u', pass: 'p' })

    expect(connection).toEqual({ servers: ['a', 'b'], user: 'u', pass: 'p' })
  })

  it('servers that are not addresses are refused', () => {
    expect(() => readNatsOptions({ servers: [] })).toThrow(TypeError)
    expect(() => readNatsOptions({ servers: ['a', ''] })).toThrow(TypeError)
  })

  it('an unknown option, and a number of copies that cannot be, are refused', () => {
    // @ts-expect-error there is no such option
    expect(() => readNatsOptions({ url: 'nats://a' })).toThrow(/unknown option "url"/)
    // @ts-expect-error two copies cannot agree
    expect(() => readNatsOptions({ replicas: 2 })).toThrow(/expected 1, 3 or 5/)
  })
})
