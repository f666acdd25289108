/** An echo server on Bun, for tools/check-peers.ts. */

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, upgrading) {
    if (upgrading.upgrade(request)) return undefined
    return new Response('Expected a WebSocket', { status: 426 })
  },
  websocket: {
    maxPayloadLength: 32 * 1024 * 1024,
    backpressureLimit: 64 * 1024 * 1024,
    perMessageDeflate: true,
    message: (socket, data) => void socket.send(data, true),
  },
})
console.log(server.port)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
