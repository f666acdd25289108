import { describe, expect, it } from 'vitest'
import { acceptsOnHandles } from '../../../../src/engines/node/front-door/front-door-self-test.ts'
import { tcpReactor } from '../../../../src/engines/node/transports/tcp-self-test.ts'

describe('acceptsOnHandles()', () => {
  it.each([
    ['TCP', false],
    ['TLS', true],
  ])('resolves with true for %s on this Node', async (_, isSecure) => {
    const reactor = await tcpReactor()
    if (reactor === null) throw new Error('Cannot use handles on this Node')

    expect(await acceptsOnHandles(reactor, isSecure)).toBe(true)
  })
})
