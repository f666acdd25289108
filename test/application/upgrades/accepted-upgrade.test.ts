import { expect, it } from 'vitest'

import { expectRefusal, chat } from '../upgrade-client.ts'

it('an accepted upgrade that never starts takes no place among the connections', async () => {
  const world = chat({ maxConnections: 1 })

  await world.accepted('/chat')
  await world.accepted('/chat')

  await world.connect('/chat')
  expectRefusal(await world.upgrade('/chat'), 503, 'the server has too many connections')
  expect(world.app.sessions.size).toBe(1)
})
