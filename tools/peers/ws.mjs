/** An echo server on ws, for tools/check-peers.ts. */

import { WebSocketServer } from 'ws'

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  maxPayload: 32 * 1024 * 1024,
  perMessageDeflate: true,
})
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.on('listening', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit(0))
