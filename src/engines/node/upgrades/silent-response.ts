/**
 * A `ServerResponse` that writes nothing: middleware sets headers on it, writes it and ends it as any other.
 */

import { type IncomingMessage, ServerResponse } from 'node:http'

import { Deferred } from '../../../base/internal.ts'

/** A response and what middleware has made of it. */
export interface SilentResponse {
  readonly response: ServerResponse
  /** Resolves when the response has been ended. Never rejects. */
  readonly ended: Promise<'ended'>
  /** Names in lower case; a header with several values several times. */
  readonly headers: () => ReadonlyArray<readonly [name: string, value: string]>
  /**
   * What was written.
   *
   * @throws {RangeError} for a status that is not an answer, such as 101.
   */
  readonly toResponse: () => Response
}

/**
 * Returns a response to `request` that has no socket. Its methods are its own properties, because Express
 * replaces the prototype of a response, and middleware replaces methods and calls what was there before.
 */
export function createSilentResponse(request: IncomingMessage): SilentResponse {
  const response = new ServerResponse(request)
  const ended = new Deferred<'ended'>()
  const chunks: Buffer[] = []
  const writeHead = response.writeHead.bind(response)

  const write = (...args: readonly unknown[]): void => {
    if (!response.headersSent) response.writeHead(response.statusCode)
    const [chunk, encoding] = args
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk, encodingOf(encoding)))
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
    const callback = args.find((arg) => typeof arg === 'function')
    if (callback !== undefined) process.nextTick(callback)
  }
  const own: Record<string, (...args: readonly unknown[]) => unknown> = {
    writeHead(status, ...rest) {
      if (response.headersSent) return response
      const given = rest.find((each) => typeof each === 'object' && each !== null)
      for (const [name, value] of headerPairs(given)) response.setHeader(name, value)
      return writeHead(Number(status))
    },
    flushHeaders() {
      if (!response.headersSent) response.writeHead(response.statusCode)
    },
    write(...args) {
      if (!response.writableEnded) write(...args)
      return true
    },
    end(...args) {
      if (response.writableEnded) return response
      write(...args)
      // What `writableEnded` reads; Node sets it in the method that is replaced here.
      Object.assign(response, { finished: true })
      ended.resolve('ended')
      process.nextTick(() => {
        response.emit('finish')
        response.emit('close')
      })
      return response
    },
    destroy() {
      // A response that was given up is no answer of 200.
      if (!response.headersSent) response.statusCode = 500
      return response.end()
    },
  }
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(response, name, { value, configurable: true, writable: true })
  }

  return {
    response,
    ended: ended.promise,
    headers: () => headersOf(response),
    toResponse: () => {
      const headers = new Headers()
      for (const [name, value] of headersOf(response)) headers.append(name, value)
      const { statusCode: status } = response
      const hasBody = status !== 204 && status !== 205 && status !== 304
      return new Response(hasBody ? Buffer.concat(chunks) : null, { status, headers })
    },
  }
}

type HeaderValue = string | number | readonly string[]

/** The headers that `writeHead` was given: an object, or names and values in turn. */
function headerPairs(given: unknown): ReadonlyArray<readonly [string, HeaderValue]> {
  if (given === undefined) return []
  if (!Array.isArray(given)) return Object.entries(given as Record<string, HeaderValue>) // by Node's contract
  const pairs: Array<readonly [string, HeaderValue]> = []
  const flat: readonly unknown[] = given.flat()
  for (let at = 0; at + 1 < flat.length; at += 2) {
    pairs.push([String(flat[at]), String(flat[at + 1])])
  }
  return pairs
}

function headersOf(response: ServerResponse): ReadonlyArray<readonly [string, string]> {
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => {
    if (value === undefined) return []
    const values = Array.isArray(value) ? value : [value]
    return values.map((each) => [name, String(each)] as const)
  })
}

function encodingOf(value: unknown): BufferEncoding {
  return typeof value === 'string' && Buffer.isEncoding(value) ? value : 'utf8'
}
