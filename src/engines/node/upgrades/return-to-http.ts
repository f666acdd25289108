/**
 * Gives a request that asks for another protocol back to the HTTP server, without its `Upgrade`.
 *
 * A server may ignore `Upgrade` (RFC 9110 §7.8). Node does so while `upgrade` has no listener. With
 * our listener, clients that offer `h2c` in every request would get no answer.
 */

import { type IncomingMessage, type Server as HttpServer, ServerResponse } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'

import type { PendingUpgrade } from './upgrade-listener.ts'

/** Lets `server` answer `upgrade` as an ordinary request. */
export function returnToHttp(server: HttpServer | HttpsServer, upgrade: PendingUpgrade): void {
  if (isBodyParsed(upgrade.request)) answerOnce(server, upgrade)
  else parseAgain(server, upgrade)
}

/**
 * From 26 on, Node reads the body of an upgrade request like any other. Earlier versions take the
 * body for the first bytes of the new protocol.
 */
function isBodyParsed(request: IncomingMessage): boolean {
  return !request.complete || request.readableLength > 0
}

/** Puts the request back in front of the socket, and gives the socket to the server as new. */
function parseAgain(server: HttpServer | HttpsServer, upgrade: PendingUpgrade): void {
  const { request, stream, head } = upgrade
  stream.unshift(Buffer.concat([encodeRequestHead(request), head]))
  // For an HTTPS server, a connection begins when its TLS handshake is done.
  server.emit(server instanceof HttpsServer ? 'secureConnection' : 'connection', stream)
}

/** Node has read a part of the request: answers it as it is, and ends the connection. */
function answerOnce(server: HttpServer | HttpsServer, { request, stream }: PendingUpgrade): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  stream.on('error', () => response.destroy())
  stream.on('drain', () => response.emit('drain'))
  response.on('finish', () => stream.end())
  // A response works with any Duplex as its socket.
  response.assignSocket(stream as Socket)
  server.emit('request', request, response)
}

/** The headers of the upgrade (RFC 7540 §3.2.1), which `Connection` names no more. */
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
