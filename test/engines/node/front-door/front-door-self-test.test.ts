import { describe, expect, it } from 'vitest'
import { acceptsOnHandles } from '../../../../src/engines/node/front-door/front-door-self-test.ts'
import { tcpReactor } from '../../../../src/engines/node/transports/tcp-self-test.ts'

describe('acceptsOnHandles()', () => {
  it('resolves with true on this Node', async () => {
    const reactor = await tcpReactor()
    if (reactor === null) throw new Error('Cannot use handles on this Node')

    expect(await acceptsOnHandles(reactor)).toBe(true)
  })
})
