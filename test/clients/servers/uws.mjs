/** The server of the tests of our client, on uWebSockets.js; its folder is the first argument. */

import { createRequire } from 'node:module'
import process from 'node:process'

const FLOOD = { messages: 256, bytes: 65_536 }

const build = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`
const uws = createRequire(import.meta.url)(
  `${process.argv[2]}/node_modules/@trufflesuite/uws-js-unofficial/binaries/${build}`,
)
const textOf = (bytes) => Buffer.from(bytes).toString()

const opened = {
  close: (socket) => socket.end(Number(socket.detail), 'that is all ✓'),
  empty: (socket) => socket.end(),
  pinged: (socket) => socket.ping('still there?'),
  flood(socket) {
    for (let index = 0; index < FLOOD.messages; index++)
      socket.send(Buffer.alloc(FLOOD.bytes, index), true)
  },
  fragments(socket) {
    socket.sendFirstFragment('grü', false)
    socket.sendFragment('', false)
    socket.sendLastFragment('ße', false)
  },
}

uws
  .App()
  .ws('/*', {
    maxPayloadLength: 32 * 1024 * 1024,
    maxBackpressure: 64 * 1024 * 1024,
    idleTimeout: 0,
    compression: uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR,
    upgrade(response, request, context) {
      const [, name, detail] = request.getUrl().split('/')
      if (name === 'refuse') {
        response
          .writeStatus('401 Unauthorized')
          .writeHeader('WWW-Authenticate', 'Bearer')
          .end('who are you?')
        return
      }
      if (name === 'redirect') {
        response.writeStatus('302 Found').writeHeader('Location', '/echo').end()
        return
      }
      const offered = request.getHeader('sec-websocket-protocol')
      response.upgrade(
        { name, detail },
        request.getHeader('sec-websocket-key'),
        offered.includes('v2.chat') ? 'v2.chat' : '',
        request.getHeader('sec-websocket-extensions'),
        context,
      )
    },
    open: (socket) => opened[socket.name]?.(socket),
    message(socket, data, isBinary) {
      if (socket.name === 'echo') socket.send(data, isBinary, true)
      if (socket.name === 'drop') socket.close()
    },
    pong(socket, data) {
      if (socket.name === 'pinged') socket.send(textOf(data))
    },
    close(socket, code, reason) {
      if (socket.name !== 'told') return
      process.stdout.write(`${JSON.stringify({ code, reason: textOf(reason) })}\n`)
    },
  })
  .listen('127.0.0.1', 0, (listening) => {
    process.stdout.write(`${uws.us_socket_local_port(listening)}\n`)
  })
process.stdin.on('end', () => process.exit()).resume()
