/** The contract's server on Deno, which has no permessage-deflate on its server side. */

import { port, ready, tls } from './contract.mjs'

const listeners = new Set<WebSocket>()

Deno.serve(
  {
    port,
    hostname: '127.0.0.1',
    ...(tls ? { key: tls.key, cert: tls.cert } : {}),
    onListen: (address) => ready(address.port, () => globalThis.gc()),
  },
  (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 })
    socket.binaryType = 'arraybuffer'
    if (new URL(request.url).pathname === '/fan') fanOut(socket)
    else socket.onmessage = (event) => socket.send(event.data)
    return response
  },
)

function fanOut(socket: WebSocket): void {
  socket.onopen = () => listeners.add(socket)
  socket.onclose = () => listeners.delete(socket)
  socket.onmessage = (event) => {
    for (const other of listeners) {
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(event.data)
    }
  }
}
