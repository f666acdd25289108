// oRPC: its WebSocket handler on a session of a server, and its client on a session of a client.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { os } from '@orpc/server'
import { RPCHandler } from '@orpc/server/ws'
import { embeddedServer, WebSockets } from 'towpath'
import { openWebSocket } from 'towpath/client'
import { asWebSocket } from 'towpath/interop'

const router = {
  double: os.handler(({ input }) => input * 2),
  countdown: os.handler(async function* () {
    yield* [3, 2, 1]
  }),
}

/** Serves the router, and returns what its client has received. */
export async function run() {
  const handler = new RPCHandler(router)
  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/orpc', async (session) => {
        await handler.upgrade(asWebSocket(session), { context: {} })
        await session.closed
      })
    })
  })
  const { address } = await server.start()

  const websocket = asWebSocket(openWebSocket(`ws://127.0.0.1:${address.port}/orpc`))
  const client = createORPCClient(new RPCLink({ websocket }))
  const received = [await client.double(21)]
  for await (const count of await client.countdown()) received.push(count)
  websocket.close()
  await server.stop({ grace: 0 })
  return received
}
