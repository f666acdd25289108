/** The server of the tests of our client, on `ws`. */

import { createServer } from 'node:http'
import process from 'node:process'
import { WebSocketServer } from 'ws'

const FLOOD = { messages: 256, bytes: 65_536 }

const http = createServer((_request, response) => response.writeHead(404).end())
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: { threshold: 0 },
  maxPayload: 32 * 1024 * 1024,
  handleProtocols: (offered) => (offered.has('v2.chat') ? 'v2.chat' : false),
})

const paths = {
  echo: (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  close: (socket, code) => socket.close(Number(code), 'that is all ✓'),
  empty: (socket) => socket.close(),
  told: (socket) =>
    socket.on('close', (code, reason) =>
      process.stdout.write(`${JSON.stringify({ code, reason: String(reason) })}\n`),
    ),
  drop: (socket) => socket.once('message', () => socket.terminate()),
  pinged(socket) {
    socket.ping('still there?')
    socket.on('pong', (data) => socket.send(String(data)))
  },
  flood(socket) {
    for (let index = 0; index < FLOOD.messages; index++)
      socket.send(Buffer.alloc(FLOOD.bytes, index))
  },
  fragments(socket) {
    socket.send('grü', { fin: false })
    socket.send('', { fin: false })
    socket.send('ße', { fin: true })
  },
}

http.on('upgrade', (request, socket, head) => {
  const [, name, detail] = request.url.split('/')
  if (name === 'refuse') {
    socket.end(
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 12\r\n\r\nwho are you?',
    )
  } else if (name === 'redirect') {
    socket.end('HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n')
  } else {
    sockets.handleUpgrade(request, socket, head, (own) => paths[name](own, detail))
  }
})

http.listen(0, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`))
process.stdin.on('end', () => process.exit()).resume()
