/**
 * A server in a process of its own, to be told to stop: `/stream/:id` sends numbered messages
 * without end, `/busy/:id` goes on working for a while when its session has ended. It prints
 * `{ port }` when it listens, and `{ counts, accepted }` when it has stopped: how many messages
 * `send` had accepted, by id.
 */

import { once, setMaxListeners } from 'node:events'
import { ClosedSendChannelError, embeddedServer, WebSockets } from '../../../src/index.ts'

const PERIOD_MS = 250
const BUSY_MS = 300

const accepted: Record<string, number> = {}
const ticks = new EventTarget()
setMaxListeners(0, ticks)
const ticking = setInterval(() => ticks.dispatchEvent(new Event('tick')), PERIOD_MS)

const server = embeddedServer({ port: 0, host: '127.0.0.1' }, (app) => {
  app.install(WebSockets, { maxConnectionsPerAddress: Infinity, maxUpgradesPerSecond: Infinity })
  app.routing((route) => {
    route.webSocket('/stream/:id', async ({ call, send }) => {
      let count = 0
      try {
        for (;;) {
          await send(String(count))
          count++
          await once(ticks, 'tick')
        }
      } catch (error) {
        if (!(error instanceof ClosedSendChannelError)) throw error
      } finally {
        accepted[call.parameters.id] = count
      }
    })
    route.webSocket('/busy/:id', async ({ call, incoming, send }) => {
      await send('0')
      await incoming.toArray()
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS))
      accepted[call.parameters.id] = 1
    })
  })
  app.monitor.on('stopped', (counts) => {
    clearInterval(ticking)
    print({ counts, accepted })
  })
})

await server.start()
print({ port: server.address.port })

function print(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}
