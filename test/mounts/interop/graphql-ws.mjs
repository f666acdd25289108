// GraphQL subscriptions: the server of `graphql-ws` on a session, and its own client.
import { EventEmitter } from 'node:events'
// The file that graphql-ws loads too: there must be one instance of graphql.
import { buildSchema } from 'graphql/index.js'
import { createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { embeddedServer, WebSockets } from 'towpath'
import { asWebSocket } from 'towpath/interop'
import { WebSocket } from 'ws'

const schema = buildSchema('type Query { hello: String } type Subscription { countdown: Int }')
const roots = {
  subscription: {
    async *countdown() {
      for (const countdown of [3, 2, 1]) yield { countdown }
    },
  },
}

/** Serves the schema, and returns what its client has received. */
export async function run() {
  // What `useServer` needs of a WebSocketServer of `ws`: an emitter of connections.
  const connections = Object.assign(new EventEmitter(), { options: {}, clients: new Set() })
  useServer({ schema, roots }, connections)

  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      const options = { protocols: [GRAPHQL_TRANSPORT_WS_PROTOCOL], requireProtocol: true }
      route.webSocket('/graphql', options, async (session) => {
        connections.emit('connection', asWebSocket(session), { headers: {} })
        await session.closed
      })
    })
  })
  const { address } = await server.start()

  const url = `ws://127.0.0.1:${address.port}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket })
  const received = []
  for await (const { data } of client.iterate({ query: 'subscription { countdown }' })) {
    received.push(data.countdown)
  }
  await client.dispose()
  await server.stop({ grace: 0 })
  return received
}
