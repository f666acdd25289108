import { defineContract } from 'towpath/messages'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withPair } from '../support/typed-pair.ts'

const contract = defineContract({
  name: 'c',
  client: {
    say: { event: z.string() },
    ping: { request: z.string(), response: z.string() },
  },
  server: { ask: { request: null } },
})

/** Handlers that end when they are told to. */
function gates() {
  const begun: string[] = []
  const releases = new Map<string, () => void>()
  const wait = (name: string): Promise<void> => {
    begun.push(name)
    return new Promise((resolve) => releases.set(name, resolve))
  }
  return { begun, wait, release: (name: string) => releases.get(name)?.() }
}

describe('serve()', () => {
  it('M-27 hands over events one at a time, in order', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { begun, wait, release } = gates()
      void server.serve({ say: wait, ping: (text) => text })
      for (const text of ['a', 'b', 'c']) await client.send('say', text)
      await t.settle()
      expect(begun).toEqual(['a'])

      release('a')
      await t.settle()
      expect(begun).toEqual(['a', 'b'])
      release('b')
      await t.settle()
      expect(begun).toEqual(['a', 'b', 'c'])
      release('c')
    })
  })

  it('M-27 runs requests concurrently, beside an event that waits', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { begun, wait, release } = gates()
      void server.serve({ say: wait, ping: (text) => wait(text).then(() => text) })
      await client.send('say', 'event')
      const answers = [client.request('ping', '1'), client.request('ping', '2')]
      await t.settle()
      expect(begun).toEqual(['event', '1', '2'])
      for (const name of ['2', '1', 'event']) release(name)

      expect(await Promise.all(answers)).toEqual(['1', '2'])
    })
  })

  it('M-27 resolves when the session has ended and all handlers are done', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      const { wait, release } = gates()
      let isDone = false
      const served = server
        .serve({ say: wait, ping: (text) => wait(text).then(() => text) })
        .then(() => (isDone = true))
      await client.send('say', 'a')
      void client.request('ping', 'b')
      await t.settle()
      await session.close()
      await t.settle()
      expect(isDone).toBe(false)
      release('a')
      await t.settle()
      expect(isDone).toBe(false)
      release('b')

      await served
    })
  })

  it.each([
    [
      'at once',
      () => {
        throw new RangeError('broken')
      },
    ],
    ['later', () => Promise.reject(new RangeError('broken'))],
  ])('M-27 fails the session with 1011 when the handler of an event throws %s', async (_, say) => {
    await withPair(contract, async ({ client, server, session, t }) => {
      const served = server.serve({ say, ping: (text) => text })
      served.catch(() => {})
      await client.send('say', 'a')

      expect(await session.closeReason).toMatchObject({ code: 1011, message: '' })
      await expect(served).rejects.toThrow(new RangeError('broken'))
      expect(t.takeFailures()).toEqual([new RangeError('broken')])
    })
  })

  it('takes no more than 64 events that wait for a handler', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { wait, release } = gates()
      void server.serve({ say: wait, ping: (text) => text })
      for (let n = 0; n < 100; n++) await client.send('say', `${n}`)
      await t.settle()

      expect(server.incoming.tryReceive()).toMatchObject({ type: 'value' })
      for (let n = 0; n < 100; n++) {
        release(`${n}`)
        await t.settle()
      }
    })
  })

  it('throws TypeError for a handler that is missing, and for one too many', async () => {
    await withPair(contract, async ({ server }) => {
      expect(() => server.serve({ say: () => {} } as never)).toThrow('no handler for "ping"')
      expect(() =>
        server.serve({ say: () => {}, ping: () => '', shout: () => {} } as never),
      ).toThrow('"shout", expected one of')
    })
  })

  it('takes the methods of a class, which see its fields', async () => {
    class Echo {
      readonly said: string[] = []
      say(text: string): void {
        this.said.push(text)
      }
      ping(text: string): string {
        return `${text}${this.said.length}`
      }
    }
    await withPair(contract, async ({ client, server }) => {
      void server.serve(new Echo())
      await client.send('say', 'a')

      expect(await client.request('ping', 'b')).toBe('b1')
    })
  })

  it('M-11 takes no member that every object has for a handler', async () => {
    const odd = defineContract({ name: 'c', client: { toString: { request: null } } })
    await withPair(odd, async ({ server }) => {
      expect(() => server.serve({} as never)).toThrow('no handler for "toString"')
    })
  })

  it('serves what a session has received that is over', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      const said: string[] = []
      await client.send('say', 'a')
      await session.close()
      await t.settle()

      await server.serve({ say: (text) => said.push(text), ping: (text) => text })
      expect(said).toEqual(['a'])
    })
  })

  it('works on the side of the client', async () => {
    await withPair(contract, async ({ client, server }) => {
      void client.serve({ ask: () => {} })

      expect(await server.request('ask', undefined)).toBeUndefined()
    })
  })
})
