/** An echo server on uWebSockets.js, for tools/check-peers.ts. The argument names the peers. */

import { createRequire } from 'node:module'

const require = createRequire(`${process.argv[2]}/package.json`)
const build = `uws_${process.platform}_${process.arch}_${process.versions.modules}`
const uws = require(`@trufflesuite/uws-js-unofficial/binaries/${build}.node`)

uws
  .App()
  .ws('/*', {
    maxPayloadLength: 32 * 1024 * 1024,
    maxBackpressure: 64 * 1024 * 1024,
    compression: uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR,
    message: (socket, data, isBinary) => void socket.send(data, isBinary, true),
  })
  .listen('127.0.0.1', 0, (listening) => console.log(uws.us_socket_local_port(listening)))
process.stdin.resume().on('end', () => process.exit(0))
