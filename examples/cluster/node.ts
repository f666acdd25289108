/**
 * One node of the cluster: a server of topics over Redis.
 */

import { embeddedServer, minutes, WebSockets } from 'towpath'
import { redisBroker } from 'towpath/brokers/redis'
import { defineTopic, Topics } from 'towpath/topics'

const { REDIS_URL: url = 'redis://127.0.0.1:6379', PORT = '0' } = process.env

const Room = defineTopic('rooms/:room', { history: { size: 200, age: minutes(10) } })

const server = embeddedServer({ host: '127.0.0.1', port: Number(PORT) }, (app) => {
  app.install(WebSockets, { origins: 'any' })
  const topics = app.install(Topics, {
    broker: redisBroker({ url }),
    namespace: 'cluster-example',
    // In production it comes from the environment, and is the same on all nodes.
    secret: 'only for this example',
  })
  topics.allow(Room, { subscribe: () => true, publish: () => true })
  app.routing((route) => {
    topics.serve(route, '/live')
  })
})
await server.start()
process.send?.(server.address.port)
