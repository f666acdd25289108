/** The contract's server on `ws`. Without its optional native parts unless the bench says so. */

import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

import { DEFLATE, MAX_MESSAGE_BYTES, deflate, port, ready, requirePeer, tls } from './contract.mjs'

const { WebSocket, WebSocketServer } = requirePeer('ws')

const http = tls ? createTlsServer({ key: tls.key, cert: tls.cert }) : createServer()
const server = new WebSocketServer({
  server: http,
  maxPayload: MAX_MESSAGE_BYTES,
  perMessageDeflate: deflate !== null && {
    threshold: DEFLATE.thresholdBytes,
    serverMaxWindowBits: DEFLATE.windowBits,
    serverNoContextTakeover: deflate === 'fresh',
    clientNoContextTakeover: deflate === 'fresh',
    zlibDeflateOptions: { level: DEFLATE.level, memLevel: DEFLATE.memoryLevel },
  },
})
const listeners = new Set()

server.on('connection', (socket, request) => {
  if (request.url === '/fan') {
    listeners.add(socket)
    socket.on('close', () => listeners.delete(socket))
    socket.on('message', (data, isBinary) => {
      for (const other of listeners) {
        if (other !== socket && other.readyState === WebSocket.OPEN) {
          other.send(data, { binary: isBinary })
        }
      }
    })
  } else {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  }
})

http.listen({ port, host: '127.0.0.1', backlog: 1024 }, () => {
  ready(http.address().port, () => globalThis.gc())
})
