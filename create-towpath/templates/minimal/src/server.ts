import { embeddedServer, seconds } from 'towpath'
import { app } from './app.ts'

const isProduction = process.env['NODE_ENV'] === 'production'

const server = await embeddedServer(
  {
    host: process.env['HOST'] ?? '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8080),
    health: { live: '/live', ready: '/ready' },
    // SIGTERM and Ctrl-C: readiness fails first, so that a load balancer sends nobody new. Then the
    // clients are asked to connect again, each at a time of its own.
    signals: {
      lead: isProduction ? seconds(5) : 0,
      grace: seconds(5),
      timeout: seconds(20),
      reconnectWithin: seconds(10),
    },
  },
  app,
).start()

console.log(`Listening on ws://${server.address.host}:${server.address.port}/echo`)
