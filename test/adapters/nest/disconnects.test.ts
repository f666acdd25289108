import { describe, expect, it } from 'vitest'

import { Disconnects } from '../../../src/adapters/nest/disconnects.ts'
import { Deferred } from '../../../src/base/internal.ts'

/** An application of Nest, as far as gateways are found in it. */
function applicationWith(...gateways: readonly object[]): object {
  const providers = new Map(gateways.map((instance) => [instance, { instance }]))
  return { container: { getModules: () => new Map([['module', { providers }]]) } }
}

describe('Disconnects', () => {
  it('waits for the calls of handleDisconnect that are running', async () => {
    const gate = new Deferred<void>()
    const calls: unknown[] = []
    const gateway = {
      async handleDisconnect(client: string): Promise<void> {
        await gate.promise
        calls.push([client, this === gateway])
      },
    }
    const disconnects = new Disconnects(() => {})
    disconnects.watch(applicationWith(gateway, {}))
    disconnects.watch(applicationWith(gateway))

    void gateway.handleDisconnect('client')
    const settled = disconnects.settled()
    gate.resolve()
    await settled

    expect(calls).toEqual([['client', true]])
  })

  it('reports what handleDisconnect throws, and settles all the same', async () => {
    const failures: Error[] = []
    const gateway = {
      handleDisconnect(): void {
        throw new Error('of the gateway')
      },
    }
    const disconnects = new Disconnects((error) => failures.push(error))
    disconnects.watch(applicationWith(gateway))

    gateway.handleDisconnect()
    await disconnects.settled()

    expect(failures.map(({ message }) => message)).toEqual(['of the gateway'])
  })

  it('leaves an object alone that has no container of Nest', () => {
    expect(() => new Disconnects(() => {}).watch({})).not.toThrow()
  })
})
