import { expect, it } from 'vitest'
import { embeddedServer, WebSockets } from '../src/index.ts'
import { connectTopics } from '../src/node-topics-client.ts'
import { defineTopic, Topics } from '../src/topics/index.ts'

const Room = defineTopic('rooms/:room', { history: { size: 10, age: 60_000 } })

it('connectTopics() publishes to and receives from a server over TCP', async () => {
  const server = embeddedServer({ port: 0, host: '127.0.0.1' }, (app) => {
    app.install(WebSockets)
    const topics = app.install(Topics)
    topics.allow(Room, { subscribe: () => true, publish: () => true })
    app.routing((route) => topics.serve(route, '/live'))
  })
  await server.start()
  const { port } = server.address
  const live = connectTopics(`ws://127.0.0.1:${port}/live`)
  const room = live.topic(Room, { room: '1' })
  const events = room.events()

  expect(await events.next()).toMatchObject({ value: { type: 'live' } })
  expect(await room.publish({ text: 'hello' })).toMatchObject({ offset: 1 })
  expect(await events.next()).toMatchObject({ value: { offset: 1, event: { text: 'hello' } } })

  await live.close()
  await server.stop()
})

it('connectTopics() refuses options that are invalid', () => {
  // @ts-expect-error there is no such option
  expect(() => connectTopics('ws://localhost', { tokens: 'x' })).toThrow(TypeError)
})
