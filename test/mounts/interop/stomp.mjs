// STOMP: the client `@stomp/stompjs` on a session of a client. The handler echoes in a few lines of STOMP.
import { Client } from '@stomp/stompjs'
import { embeddedServer, Frame, WebSockets } from 'towpath'
import { openWebSocket } from 'towpath/client'
import { asWebSocket } from 'towpath/interop'

const frame = (command, headers, body = '') =>
  `${command}\n${headers.map((header) => `${header}\n`).join('')}\n${body}\0`

async function stomp({ incoming, send, close }) {
  for await (const message of incoming) {
    if (!(message instanceof Frame.Text)) continue
    const [head, body = ''] = message.readText().split('\n\n')
    const [command, ...headers] = head.split('\n')
    const valueOf = (name) =>
      headers.find((each) => each.startsWith(`${name}:`))?.slice(name.length + 1)
    if (command === 'CONNECT') await send(frame('CONNECTED', ['version:1.2', 'heart-beat:0,0']))
    if (command === 'SEND') {
      const details = [`destination:${valueOf('destination')}`, 'message-id:1', 'subscription:1']
      await send(frame('MESSAGE', details, body.replace('\0', '').toUpperCase()))
    }
    if (command === 'DISCONNECT') {
      await send(frame('RECEIPT', [`receipt-id:${valueOf('receipt')}`]))
      await close()
    }
  }
}

/** Sends one message, and returns what comes back. */
export async function run() {
  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/stomp', { protocols: ['v12.stomp'] }, stomp)
    })
  })
  const { address } = await server.start()

  const url = `ws://127.0.0.1:${address.port}/stomp`
  const client = new Client({
    webSocketFactory: () => asWebSocket(openWebSocket(url, { protocols: ['v12.stomp'] })),
  })
  const body = await new Promise((resolve) => {
    client.onConnect = () => {
      client.subscribe('/echo', (message) => resolve(message.body), { id: '1' })
      client.publish({ destination: '/echo', body: 'hello' })
    }
    client.activate()
  })
  await client.deactivate()
  await server.stop({ grace: 0 })
  return body
}
