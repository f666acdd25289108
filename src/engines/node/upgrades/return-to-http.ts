/**
 * Gives a request that asked for another protocol back to the HTTP server, without that wish.
 *
 * A server may ignore `Upgrade` (RFC 9110 §7.8), and Node does so while nobody listens to `upgrade`. Since
 * somebody does, clients that offer `h2c` with every request would be left without an answer.
 */

import { type IncomingMessage, type Server as HttpServer, ServerResponse } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'

import type { PendingUpgrade } from './upgrade-listener.ts'

/** Lets `server` answer `upgrade` as the ordinary request that it also is. */
export function returnToHttp(server: HttpServer | HttpsServer, upgrade: PendingUpgrade): void {
  if (isBodyParsed(upgrade.request)) answerOnce(server, upgrade)
  else parseAgain(server, upgrade)
}

/**
 * From 26 on Node reads the body of an upgrade request as that of any other. Before, it takes the request
 * for complete, and the body for the first bytes of the new protocol.
 */
function isBodyParsed(request: IncomingMessage): boolean {
  return !request.complete || request.readableLength > 0
}

/** The request is put back in front of the socket, and the socket given to the server as a new connection. */
function parseAgain(server: HttpServer | HttpsServer, upgrade: PendingUpgrade): void {
  const { request, stream, head } = upgrade
  stream.unshift(Buffer.concat([encodeRequestHead(request), head]))
  // What an HTTPS server calls a connection is one whose TLS handshake is done.
  server.emit(server instanceof HttpsServer ? 'secureConnection' : 'connection', stream)
}

/** Part of the request is with Node already: it is answered as it stands, and the connection ends after it. */
function answerOnce(server: HttpServer | HttpsServer, { request, stream }: PendingUpgrade): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  stream.on('error', () => response.destroy())
  stream.on('drain', () => response.emit('drain'))
  response.on('finish', () => stream.end())
  // All that a response needs of a socket is that it is a Duplex.
  response.assignSocket(stream as Socket)
  server.emit('request', request, response)
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
