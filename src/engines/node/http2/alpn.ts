/**
 * Which protocol a connection over TLS speaks (ALPN, RFC 7301).
 */

import type { Server as TlsServer, TLSSocket } from 'node:tls'

/** What a server offers that speaks both, in order of preference. */
export const OFFERED_PROTOCOLS: readonly string[] = ['h2', 'http/1.1']

/**
 * Gives the connections of `server` that chose HTTP/2 to `serve`. All others go to the listeners
 * that the server has now: those of an HTTPS server, which stays what it is.
 */
export function splitByProtocol(server: TlsServer, serve: (socket: TLSSocket) => void): void {
  const others = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') serve(socket)
    else for (const listener of others) Reflect.apply(listener, server, [socket])
  })
}
