import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embeddedServer, seconds } from 'towpath'
import { app } from './app.ts'
import { servePages } from './pages.ts'

const isProduction = process.env['NODE_ENV'] === 'production'

const server = await embeddedServer(
  {
    host: process.env['HOST'] ?? '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8080),
    http: servePages({
      '/': fileURLToPath(new URL('../public/', import.meta.url)),
      // The page loads the library as it is. With a bundler, serve its output instead.
      '/towpath/': dirname(fileURLToPath(import.meta.resolve('towpath'))),
    }),
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

console.log(`Listening on http://${server.address.host}:${server.address.port}/`)
