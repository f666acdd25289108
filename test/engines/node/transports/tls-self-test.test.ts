import { describe, expect, it } from 'vitest'
import { tcpReactor } from '../../../../src/engines/node/transports/tcp-self-test.ts'
import { bypassesTls } from '../../../../src/engines/node/transports/tls-self-test.ts'

describe('bypassesTls()', () => {
  it('resolves with true on this Node', async () => {
    const reactor = await tcpReactor()
    if (reactor === null) throw new Error('Cannot use handles on this Node')

    expect(await bypassesTls(reactor)).toBe(true)
  })
})
