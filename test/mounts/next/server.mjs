/**
 * A custom server of Next with WebSockets, as `docs/mounts.md` has it. Prints its port. A line on
 * stdin stops it, as a signal would.
 */

import { once } from 'node:events'
import { createServer } from 'node:http'
import next from 'next'
import { attach, createApplication, WebSockets } from 'towpath'

const app = createApplication((app) => {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
  })
})

const server = createServer()
const web = next({ dev: true, dir: import.meta.dirname, httpServer: server, quiet: true })
await web.prepare()
const answer = web.getRequestHandler()
server.on('request', (request, response) => void answer(request, response))
const attachment = attach(app, server)
await once(server.listen(0, '127.0.0.1'), 'listening')
console.log(`port ${server.address().port}`)

await once(process.stdin, 'data')
console.log(JSON.stringify(await attachment.stop()))
await web.close()
server.close()
server.closeAllConnections()
process.exit()
