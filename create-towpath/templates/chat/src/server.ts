import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { embeddedServer, seconds } from 'towpath'
import { app } from './app.ts'
import { servePages } from './pages.ts'

const server = await embeddedServer(
  {
    host: process.env['HOST'] ?? '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8080),
    http: servePages({
      '/': fileURLToPath(new URL('../public/', import.meta.url)),
      // The page loads the library as it is. With a bundler, serve its output instead.
      '/towpath/': dirname(fileURLToPath(import.meta.resolve('towpath'))),
    }),
    // SIGTERM and Ctrl-C ask the clients to connect again, within 10 seconds, and then end the
    // process.
    stop: { grace: seconds(5), timeout: seconds(20), reconnectWithin: seconds(10) },
  },
  app,
).start()

console.log(`Listening on http://${server.address.host}:${server.address.port}/`)
