/**
 * The requests of this side together, over a pair of sessions in memory.
 */

import { defineContract } from 'towpath/messages'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withPair } from '../../support/typed-pair.ts'

const contract = defineContract({
  name: 'c',
  client: { echo: { request: z.string(), response: z.string() } },
})

describe('the requests of a side', () => {
  it('M-19 waits past maxRequests, and can be given up while it waits', async () => {
    await withPair(
      contract,
      async ({ client, server, t }) => {
        let release = (): void => {}
        const asked: string[] = []
        void server.serve({
          echo: (text) => {
            asked.push(text)
            if (text !== 'a') return text
            return new Promise<string>((resolve) => (release = () => resolve(text)))
          },
        })
        const controller = new AbortController()
        const first = client.request('echo', 'a')
        const second = client.request('echo', 'b', { signal: controller.signal })
        const third = client.request('echo', 'c')
        await t.settle()
        expect(asked).toEqual(['a'])
        controller.abort(new Error('given up'))
        await expect(second).rejects.toThrow('given up')
        release()

        expect([await first, await third]).toEqual(['a', 'c'])
        expect(asked).toEqual(['a', 'c'])
      },
      { client: { maxRequests: 1 } },
    )
  })

  it('M-19 fails thousands that wait when the session is being closed', async () => {
    await withPair(
      contract,
      async ({ client, session, t }) => {
        const controller = new AbortController()
        const first = client.request('echo', 'a', { signal: controller.signal })
        const waiting = Array.from({ length: 10_000 }, () => client.request('echo', 'b'))
        await t.settle()
        void session.close()
        controller.abort(new Error('given up'))

        await expect(first).rejects.toThrow('given up')
        const failed = await Promise.allSettled(waiting)
        expect(new Set(failed.map((each) => each.status))).toEqual(new Set(['rejected']))
      },
      { client: { maxRequests: 1 } },
    )
  })
})
