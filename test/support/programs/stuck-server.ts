/**
 * A server whose handlers never return. When its first session has ended it stops: by `stop()` with
 * `{ "how": "stop" }`, by a signal that it sends itself with `{ "how": "signal" }`. A listener of
 * `stopped` says `closing`, and `closed` in a later turn of the event loop.
 */

import { embeddedServer, WebSockets } from '../../../src/index.ts'
import { openWebSocket } from '../../../src/node-client.ts'

const { how } = JSON.parse(process.argv[2] ?? '{}') as { how: 'stop' | 'signal' }

const stop = { grace: 0, timeout: { milliseconds: 400 } }
const server = embeddedServer({ port: 0, host: '127.0.0.1', stop }, (app) => {
  app.install(WebSockets)
  app.routing((route) => void route.webSocket('/', () => new Promise<void>(() => {})))
  app.monitor.on('stopped', async (counts) => {
    say('closing', { counts })
    await new Promise((resolve) => setImmediate(resolve))
    say('closed')
  })
})
await server.start()

// The client answers the Close frame at once; then no socket keeps this process alive.
await openWebSocket(`ws://127.0.0.1:${server.address.port}/`)
if (how === 'signal') process.kill(process.pid, 'SIGTERM')
else say('counts', { counts: await server.stop() })

function say(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, pid: process.pid, ...facts })}\n`)
}
