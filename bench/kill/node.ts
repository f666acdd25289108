/**
 * One node of the kill test: a server of topics over a broker. It is killed without notice.
 *
 * `HOST` and `PORT` are where it listens. `BROKER` is `redis` or `nats`. `ENGINE` has its addresses, separated by
 * commas.
 */

import { embeddedServer, WebSockets } from 'towpath'
import { Topics } from 'towpath/topics'
import { brokerOf, KILL, NAMESPACE } from './shared.ts'

const SECRET = 'a secret that all nodes share'

const host = process.env['HOST'] ?? '127.0.0.1'
const server = embeddedServer({ port: Number(process.env['PORT']), host }, (app) => {
  app.install(WebSockets, { origins: 'any' })
  const topics = app.install(Topics, {
    broker: brokerOf(process.env['BROKER'] ?? '', (process.env['ENGINE'] ?? '').split(',')),
    namespace: NAMESPACE,
    secret: SECRET,
    maxPublishesPerSecond: 100_000,
  })
  topics.allow(KILL, { subscribe: () => true, publish: () => true })
  app.routing((route) => {
    topics.serve(route, '/live')
  })
})
await server.start()
process.send?.('ready')
