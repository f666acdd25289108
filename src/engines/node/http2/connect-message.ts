/**
 * An extended CONNECT as an `IncomingMessage`: for `nodeRequest`, and for middleware, which was
 * written for the upgrades of HTTP/1.1.
 */

import { IncomingMessage } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

import { ErrorCode } from './error-codes.ts'

/** The request, as the application reads it. */
export interface ConnectHead {
  readonly target: string
  /** Names and values in turn, without pseudo-headers, with `host`. */
  readonly rawHeaders: readonly string[]
}

/**
 * Returns the request with the method `GET`, as an upgrade of HTTP/1.1 has it: middleware that
 * guards other methods knows no CONNECT.
 *
 * @param headers as Node's module has joined them.
 * @param socket of the connection that the stream shares with others.
 */
export function createConnectMessage(
  { target, rawHeaders }: ConnectHead,
  headers: IncomingHttpHeaders,
  stream: ServerHttp2Stream,
  socket: Socket,
): IncomingMessage {
  const message = new IncomingMessage(sharedSocket(socket, stream))
  message.method = 'GET'
  message.url = target
  message.httpVersion = '2.0'
  message.httpVersionMajor = 2
  message.httpVersionMinor = 0
  message.rawHeaders = [...rawHeaders]
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(':'))
  message.headers = Object.fromEntries([...own, ['host', headers[':authority']]])
  message.headersDistinct = distinct(rawHeaders)
  // There is no body.
  message.complete = true
  message.push(null)
  return message
}

function distinct(rawHeaders: readonly string[]): Record<string, string[]> {
  const all = new Map<string, string[]>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    all.set(name, [...(all.get(name) ?? []), rawHeaders[at + 1] ?? ''])
  }
  return Object.fromEntries(all)
}

/** Methods that would read, write or end the connection under all of its streams. */
const TAKEN_AWAY: ReadonlySet<string | symbol> = new Set([
  'write',
  'end',
  'read',
  'pause',
  'resume',
  'unshift',
  'pipe',
  'setTimeout',
  'setEncoding',
])

const ENDING: ReadonlySet<string | symbol> = new Set(['destroy', 'destroySoon', 'resetAndDestroy'])

/** Shows `socket`, with the certificate of the peer. To destroy it resets `stream` alone. */
function sharedSocket(socket: Socket, stream: ServerHttp2Stream): Socket {
  return new Proxy(socket, {
    get(target, name, proxy: unknown) {
      if (ENDING.has(name)) {
        return () => {
          if (!stream.destroyed) stream.close(ErrorCode.CANCEL)
          return proxy
        }
      }
      if (TAKEN_AWAY.has(name)) return () => proxy
      const value: unknown = Reflect.get(target, name)
      const bound: unknown = typeof value === 'function' ? value.bind(target) : value
      return bound
    },
  })
}
