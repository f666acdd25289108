/** The server of the tests of our client, on Bun. */

const FLOOD = { messages: 256, bytes: 65_536 }

const opened = {
  close: (socket) => socket.close(Number(socket.data.detail), 'that is all ✓'),
  empty: (socket) => socket.close(),
  pinged: (socket) => socket.ping('still there?'),
  flood(socket) {
    for (let index = 0; index < FLOOD.messages; index++)
      socket.send(new Uint8Array(FLOOD.bytes).fill(index))
  },
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, own) {
    const [, name, detail] = new URL(request.url).pathname.split('/')
    if (name === 'refuse') {
      return new Response('who are you?', {
        status: 401,
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    if (name === 'redirect')
      return new Response(null, { status: 302, headers: { Location: '/echo' } })
    const offered = request.headers.get('sec-websocket-protocol') ?? ''
    const headers = offered.includes('v2.chat') ? { 'Sec-WebSocket-Protocol': 'v2.chat' } : {}
    if (own.upgrade(request, { data: { name, detail }, headers })) return undefined
    return new Response(null, { status: 426 })
  },
  websocket: {
    maxPayloadLength: 32 * 1024 * 1024,
    backpressureLimit: 64 * 1024 * 1024,
    perMessageDeflate: true,
    open: (socket) => opened[socket.data.name]?.(socket),
    message(socket, data) {
      if (socket.data.name === 'echo') socket.send(data, true)
      if (socket.data.name === 'drop') socket.terminate()
    },
    pong(socket, data) {
      if (socket.data.name === 'pinged') socket.send(new TextDecoder().decode(data))
    },
    close(socket, code, reason) {
      if (socket.data.name === 'told') process.stdout.write(`${JSON.stringify({ code, reason })}\n`)
    },
  },
})

process.stdout.write(`${server.port}\n`)
process.stdin.on('end', () => process.exit()).resume()
