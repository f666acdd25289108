import { expect, it } from 'vitest'

import type { Extension } from '../../../src/extensions/index.ts'
import { expectRefusal, chat } from '../upgrade-client.ts'

it('an accepted upgrade that never starts takes no place among the connections', async () => {
  const world = chat({ maxConnections: 1 })

  await world.accepted('/chat')
  await world.accepted('/chat')

  await world.connect('/chat')
  expectRefusal(await world.upgrade('/chat'), 503, 'the server has too many connections')
  expect(world.app.sessions.size).toBe(1)
})

it('an accepted upgrade whose extension throws ends its call, and counts as refused', async () => {
  const failure = new TypeError('on purpose')
  const open = (): never => {
    throw failure
  }
  const extension: Extension = {
    name: 'custom',
    reservedBits: 0,
    accept: () => ({ parameters: [], open }),
    offer: () => [],
    agree: () => null,
  }
  const world = chat({ extensions: [extension] })
  let reason: unknown
  world.app.routing((route) =>
    route.intercept(({ signal }) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
    }),
  )
  const headers = { 'Sec-WebSocket-Extensions': 'custom' }

  await expect(world.connect('/chat', { headers })).rejects.toBe(failure)

  expect(reason).toBe(failure)
  expect(world.app.statistics().upgradesRefused).toEqual({ failure: 1 })
})

it.each([
  [null, 'abandoned', 'AbortError'],
  [new TypeError('on purpose'), 'failure', 'TypeError'],
] as const)(
  'an accepted upgrade that is abandoned (%s) ends its call, and counts as refused',
  async (failure, reason, name) => {
    const world = chat()
    const ended: unknown[] = []
    world.app.routing((route) =>
      route.intercept(({ signal }) => {
        signal.addEventListener('abort', () => ended.push(signal.reason))
      }),
    )
    const outcome = await world.upgrade('/chat')
    if (outcome.type !== 'accepted') throw new Error('expected a 101')
    expect(ended).toEqual([])

    outcome.abandon(failure)

    expect(ended).toEqual([expect.objectContaining({ name })])
    expect(world.app.statistics().upgradesRefused).toEqual({ [reason]: 1 })
  },
)
