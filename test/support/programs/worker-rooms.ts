/**
 * Topics on a server with workers, whose log is in the process that starts them.
 */

import { embeddedServer, WebSockets } from '../../../src/index.ts'
import { workersBroker } from '../../../src/brokers/workers/index.ts'
import { defineTopic, Topics } from '../../../src/topics/index.ts'

const { inModule = false } = JSON.parse(process.argv[2] ?? '{}') as { inModule?: boolean }
const Room = defineTopic('rooms/:room', { history: { size: 1000, age: 60_000 } })

function tell(event: string, facts: object = {}): void {
  console.log(JSON.stringify({ event, pid: process.pid, ...facts }))
}

const broker = inModule ? null : workersBroker()
const server = embeddedServer({ port: 0, host: '127.0.0.1', workers: 2 }, (app) => {
  app.install(WebSockets)
  try {
    const topics = app.install(Topics, {
      broker: broker ?? workersBroker(),
      secret: 'a secret of all workers',
    })
    topics.allow(Room, { subscribe: () => true, publish: () => true })
    app.routing((route) => {
      topics.serve(route, '/live', { connected: (client) => tell('client', { id: client.id }) })
    })
  } catch (error) {
    tell('refused', { message: String(error) })
  }
})

await server.start()
tell('started', { port: server.address.port })
