import { withTestApplication } from 'towpath/testing'
import { Topics } from 'towpath/topics'
import { expect, it } from 'vitest'
import { Room, app } from '../src/app.ts'

// No port is opened, and no real time passes.
it('the application serves topics at /topics', async () => {
  await withTestApplication(app, async (t) => {
    const client = await t.connect('/topics', { protocols: ['v1.json.topics.towpath'] })
    expect(client.protocol).toBe('v1.json.topics.towpath')
  })
})

it('a room keeps its messages for those who come later', async () => {
  await withTestApplication(app, async (t) => {
    const room = t.application.plugin(Topics).topic(Room, { room: 'lobby' })
    await room.publish({ from: 'ada', text: 'hello' })

    const { events } = await room.history({ from: { last: 20 } })

    expect(events.map(({ event }) => event)).toEqual([{ from: 'ada', text: 'hello' }])
  })
})

it('a message without text is refused', async () => {
  await withTestApplication(app, async (t) => {
    const room = t.application.plugin(Topics).topic(Room, { room: 'lobby' })

    await expect(room.publish({ from: 'ada', text: '' })).rejects.toThrow()
  })
})
