/**
 * A `ServerResponse` that sends nothing: middleware sets headers on it, writes to it and ends it as
 * usual.
 */

import { type IncomingMessage, ServerResponse } from 'node:http'

import { Deferred } from '../../../base/internal.ts'

/** A response, and its state after middleware has run. */
export interface SilentResponse {
  readonly response: ServerResponse
  /** Resolves when the response has been ended. Never rejects. */
  readonly ended: Promise<'ended'>
  /** Names in lower case; a header with several values several times. */
  readonly headers: () => ReadonlyArray<readonly [name: string, value: string]>
  /**
   * The answer that was written.
   *
   * @throws {RangeError} for a status that is not an answer, such as 101.
   */
  readonly toResponse: () => Response
}

/**
 * Returns a response to `request` without a socket. Its methods are own properties: Express
 * replaces the prototype of a response, and middleware replaces methods and calls the replaced
 * ones.
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
      // `writableEnded` reads it. Node sets it in the method that is replaced here.
      Object.assign(response, { finished: true })
      ended.resolve('ended')
      process.nextTick(() => {
        response.emit('finish')
        response.emit('close')
      })
      return response
    },
    destroy() {
      // A response that was abandoned is not an answer with 200.
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

/** The headers of a call of `writeHead`: an object, or names and values in turn. */
function headerPairs(given: unknown): ReadonlyArray<readonly [string, HeaderValue]> {
  if (given === undefined) return []
  // By Node's contract, it is an object then.
  if (!Array.isArray(given)) return Object.entries(given as Record<string, HeaderValue>)
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
