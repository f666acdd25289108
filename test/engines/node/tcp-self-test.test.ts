import { describe, expect, it } from 'vitest'
import { tcpReactor } from '../../../src/engines/node/tcp-self-test.ts'

describe('tcpReactor', () => {
  it('resolves with a reactor on this Node, the same each time', async () => {
    const reactor = await tcpReactor()

    expect(reactor).not.toBe(null)
    expect(await tcpReactor()).toBe(reactor)
  })
})
