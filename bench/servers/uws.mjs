/** The contract's server on uWebSockets.js: the native build, never the package's fallback. */

import process from 'node:process'

import {
  MAX_BUFFERED_BYTES,
  MAX_MESSAGE_BYTES,
  deflate,
  port,
  ready,
  requirePeer,
  tls,
} from './contract.mjs'

const build = `uws_${process.platform}_${process.arch}_${process.versions.modules}`
const uws = requirePeer(`@trufflesuite/uws-js-unofficial/binaries/${build}.node`)

const app = tls
  ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile })
  : uws.App()
const behaviour = {
  maxPayloadLength: MAX_MESSAGE_BYTES,
  maxBackpressure: MAX_BUFFERED_BYTES,
  idleTimeout: 0,
  sendPingsAutomatically: false,
  compression: compressor(),
}

app.ws('/fan', {
  ...behaviour,
  open: (socket) => void socket.subscribe('fan'),
  message: (socket, data, isBinary) => void socket.publish('fan', data, isBinary, false),
})
app.ws('/*', {
  ...behaviour,
  message: (socket, data, isBinary) => void socket.send(data, isBinary, deflate !== null),
})
app.listen('127.0.0.1', port, (listening) => {
  if (!listening) throw new Error(`Cannot listen on port ${port}`)
  ready(uws.us_socket_local_port(listening), () => globalThis.gc())
})

/** Its 32 KB compressor has the 12-bit window and memory level 5 that the others are told to use. */
function compressor() {
  if (deflate === 'kept') return uws.DEDICATED_COMPRESSOR_32KB | uws.DEDICATED_DECOMPRESSOR
  if (deflate === 'fresh') return uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR
  return uws.DISABLED
}
