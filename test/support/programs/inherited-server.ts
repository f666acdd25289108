/**
 * A server on a socket that it inherits as file descriptor 3, with health checks, and with options
 * for a stop by a signal. Says `listening`, and then `stopped`.
 */

import { embeddedServer, seconds, WebSockets } from '../../../src/index.ts'

function say(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, pid: process.pid, ...facts })}\n`)
}

const server = embeddedServer(
  {
    fd: 3,
    health: { live: '/live', ready: '/ready' },
    signals: { grace: 0, timeout: seconds(10), reconnectWithin: seconds(30) },
  },
  (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', ({ incoming }) => incoming.consumeEach(() => {}))
    })
    app.monitor.on('stopped', (counts) => say('stopped', { counts }))
  },
)
await server.start()
say('listening', { address: server.address })
