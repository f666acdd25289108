/**
 * The requests of the peer together, over a pair of sessions in memory.
 */

import { defineContract } from 'towpath/messages'
import { describe, expect, it } from 'vitest'
import { withPair } from '../../support/typed-pair.ts'

const contract = defineContract({ name: 'c', client: { ping: { request: null } } })

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}

describe('requests of a peer', () => {
  it('M-19 are answered with BUSY past maxRequests', async () => {
    await withPair(
      contract,
      async ({ client, server, t }) => {
        void server.serve({ ping: (_, { signal }) => aborted(signal) })
        void client.request('ping', undefined)
        void client.request('ping', undefined)

        expect(await client.requestCatching('ping', undefined)).toMatchObject({ failure: 'BUSY' })
        await t.settle()
      },
      { server: { maxRequests: 2 } },
    )
  })

  it('M-19 count until their handler is done, also when they have been cancelled', async () => {
    await withPair(
      contract,
      async ({ client, server, t }) => {
        let release = (): void => {}
        void server.serve({
          // Ignores its signal.
          ping: () => new Promise<void>((resolve) => (release = resolve)),
        })
        const controller = new AbortController()
        const first = client.request('ping', undefined, { signal: controller.signal })
        await t.settle()
        controller.abort(new Error('given up'))
        await expect(first).rejects.toThrow('given up')

        expect(await client.requestCatching('ping', undefined)).toMatchObject({ failure: 'BUSY' })
        release()
        await t.settle()
        const third = client.requestCatching('ping', undefined)
        await t.settle()
        release()
        expect(await third).toMatchObject({ type: 'value' })
      },
      { server: { maxRequests: 1 } },
    )
  })

  it('M-16 are not run when they have been cancelled before their turn', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      let pings = 0
      const controller = new AbortController()
      const outcome = client.request('ping', undefined, { signal: controller.signal })
      await t.settle()
      controller.abort(new Error('given up'))
      await expect(outcome).rejects.toThrow('given up')
      await t.settle()
      void server.serve({ ping: () => void pings++ })
      await t.settle()

      expect(pings).toBe(0)
    })
  })
})
