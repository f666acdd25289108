/**
 * Gives a request that asked for another protocol back to the HTTP server, without that wish.
 *
 * A server may ignore `Upgrade` (RFC 9110 §7.8), and Node does so while nobody listens to `upgrade`. Since
 * somebody does, clients that offer `h2c` with every request would be left without an answer. The request
 * is put back in front of the socket, and the server is given the socket as a new connection: body and
 * further requests are then read as always.
 */

import { Server as HttpsServer } from 'node:https'
import type { IncomingMessage, Server as HttpServer } from 'node:http'

import type { PendingUpgrade } from './upgrade-listener.ts'

/** Lets `server` answer `upgrade` as the ordinary request that it also is. */
export function returnToHttp(
  server: HttpServer | HttpsServer,
  { request, stream, head }: PendingUpgrade,
): void {
  stream.unshift(Buffer.concat([encodeRequestHead(request), head]))
  // What an HTTPS server calls a connection is one whose TLS handshake is done.
  server.emit(server instanceof HttpsServer ? 'secureConnection' : 'connection', stream)
}

/** The headers that ask for the upgrade (RFC 7540 §3.2.1); `Connection` is written without them. */
const UPGRADE_HEADERS = ['upgrade', 'http2-settings']

function encodeRequestHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let lines = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    // Names and values alternate, so both are there.
    const name = rawHeaders[index]!
    const value = rawHeaders[index + 1]!
    if (UPGRADE_HEADERS.includes(name.toLowerCase())) continue
    lines += `${name}: ${name.toLowerCase() === 'connection' ? withoutUpgrade(value) : value}\r\n`
  }
  return Buffer.from(`${lines}\r\n`, 'latin1')
}

function withoutUpgrade(tokens: string): string {
  const kept = tokens.split(',').map((token) => token.trim())
  return kept.filter((token) => !UPGRADE_HEADERS.includes(token.toLowerCase())).join(', ')
}
