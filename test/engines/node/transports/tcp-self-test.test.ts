import { describe, expect, it } from 'vitest'

import {
  isOtherRuntime,
  tcpReactor,
} from '../../../../src/engines/node/transports/tcp-self-test.ts'

describe('tcpReactor', () => {
  it('resolves with a reactor on this Node, the same each time', async () => {
    const reactor = await tcpReactor()

    expect(reactor).not.toBe(null)
    expect(await tcpReactor()).toBe(reactor)
  })
})

describe('isOtherRuntime()', () => {
  it.each([
    [{ node: '20.20.2' }, false],
    [{ node: '24.0.0', deno: '2.9.6' }, true],
    [{ node: '24.0.0', bun: '1.4.5' }, true],
  ])('is asked of %j: %j', (versions, expected) => {
    expect(isOtherRuntime(versions)).toBe(expected)
  })
})
