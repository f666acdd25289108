// tRPC: its WebSocket handler on a session, and its own client.
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { embeddedServer, WebSockets } from 'towpath'
import { asWebSocket } from 'towpath/interop'
import { WebSocket } from 'ws'

const t = initTRPC.create()
const router = t.router({
  double: t.procedure.input(Number).query(({ input }) => input * 2),
  countdown: t.procedure.subscription(async function* () {
    yield* [3, 2, 1]
  }),
})

/** Serves the router, and returns what its client has received. */
export async function run() {
  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    const connected = getWSConnectionHandler({ router, keepAlive: { enabled: true } })
    app.routing((route) => {
      route.webSocket('/trpc', async (session) => {
        const { uri, headers } = session.call.request
        await connected(asWebSocket(session), { url: uri, headers: Object.fromEntries(headers) })
        await session.closed
      })
    })
  })
  const { address } = await server.start()

  const socket = createWSClient({ url: `ws://127.0.0.1:${address.port}/trpc`, WebSocket })
  const client = createTRPCClient({ links: [wsLink({ client: socket })] })
  const received = [await client.double.query(21)]
  await new Promise((resolve, reject) => {
    client.countdown.subscribe(undefined, {
      onData: (count) => received.push(count),
      onComplete: resolve,
      onError: reject,
    })
  })
  await socket.close()
  await server.stop({ grace: 0 })
  return received
}
