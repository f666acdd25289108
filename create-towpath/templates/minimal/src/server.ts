import { embeddedServer, seconds } from 'towpath'
import { app } from './app.ts'
import { health } from './health.ts'

const server = await embeddedServer(
  {
    host: process.env['HOST'] ?? '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8080),
    http: health,
    // SIGTERM and Ctrl-C ask the clients to connect again, within 10 seconds, and then end the
    // process.
    stop: { grace: seconds(5), timeout: seconds(20), reconnectWithin: seconds(10) },
  },
  app,
).start()

console.log(`Listening on ws://${server.address.host}:${server.address.port}/echo`)
