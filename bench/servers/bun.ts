/** The contract's server on Bun. */

import { MAX_BUFFERED_BYTES, MAX_MESSAGE_BYTES, deflate, port, ready, tls } from './contract.mjs'

const compress = deflate !== null

const server = Bun.serve<{ fan: boolean }>({
  port,
  hostname: '127.0.0.1',
  ...(tls ? { tls: { key: tls.key, cert: tls.cert } } : {}),
  fetch(request, server) {
    const fan = new URL(request.url).pathname === '/fan'
    if (server.upgrade(request, { data: { fan } })) return undefined
    return new Response('Expected a WebSocket', { status: 426 })
  },
  websocket: {
    maxPayloadLength: MAX_MESSAGE_BYTES,
    backpressureLimit: MAX_BUFFERED_BYTES,
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: compress && {
      compress: deflate === 'kept' ? '32KB' : 'shared',
      decompress: deflate === 'kept' ? 'dedicated' : 'shared',
    },
    open(socket) {
      if (socket.data.fan) socket.subscribe('fan')
    },
    message(socket, data) {
      if (socket.data.fan) socket.publish('fan', data)
      else socket.send(data, compress)
    },
  },
})

ready(server.port, () => Bun.gc(true))
