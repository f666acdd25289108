// Yjs: the server of `y-websocket` on sessions, and its own provider in two clients.
import { createRequire } from 'node:module'
import { embeddedServer, WebSockets } from 'towpath'
import { asWebSocket } from 'towpath/interop'
import { WebSocket } from 'ws'

// Both ends from one module: Yjs must be loaded once.
const require = createRequire(import.meta.url)
const { setupWSConnection } = require('y-websocket/bin/utils')
const { WebsocketProvider } = require('y-websocket')
const Y = require('yjs')

/** Edits one document in one client, and returns what the other one has. */
export async function run() {
  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/docs/:name', async (session) => {
        const { name } = session.call.parameters
        setupWSConnection(asWebSocket(session), { url: '' }, { docName: name })
        await session.closed
      })
    })
  })
  const { address } = await server.start()

  const url = `ws://127.0.0.1:${address.port}/docs`
  const options = { WebSocketPolyfill: WebSocket, disableBc: true }
  const providers = ['ada', 'grace'].map(
    () => new WebsocketProvider(url, 'poem', new Y.Doc(), options),
  )
  const [ada, grace] = providers.map(({ doc }) => doc.getText('lines'))
  const arrived = new Promise((resolve) => {
    grace.observe(() => resolve(grace.toString()))
  })
  ada.insert(0, 'Slowly the barge')
  const text = await arrived

  for (const provider of providers) provider.destroy()
  await server.stop({ grace: 0 })
  return text
}
