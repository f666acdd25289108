/**
 * Middleware of Connect and Express as an interceptor: middleware that reads sessions or logins of
 * plain requests does the same for upgrades.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Interceptor } from '../../../application/index.ts'
import { isHandshakeHeader, needingEngineRequest } from '../../../application/internal.ts'
import { requireFunction } from '../../../base/internal.ts'
import { createSilentResponse, type SilentResponse } from './silent-response.ts'
import { nodeRequest } from './node-request.ts'

/**
 * A middleware function of Connect: it calls `next`, or ends the response. An error passed to
 * `next` fails the upgrade.
 *
 * The type is that of a method, so that middleware may name the request and response of its
 * framework: parameters of methods are compared in both directions.
 */
export type ConnectMiddleware = {
  middleware(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): unknown
}['middleware']

/**
 * Runs `middleware` in order for every upgrade at a route: express-session, passport, helmet and
 * others.
 *
 * - Inner interceptors find the properties that middleware sets on the request (`session`, `user`)
 *   by `nodeRequest(call)`.
 * - A middleware that ends the response refuses the upgrade with its status, headers and body.
 * - Headers of the response go out with the answer, also cookies that are set at `writeHead`.
 *   Headers of the connection, of a body and of the handshake are dropped.
 * - An error, thrown or passed to `next`, is logged and answered with 500.
 * - A middleware that does neither is answered with 503 after `handshakeTimeout`.
 *
 * The response ends when the inner interceptors have agreed, so that sessions are saved after them.
 * Bodies are not read: an upgrade has none.
 *
 * @throws {TypeError} if one of them is not a function.
 *
 * @example
 * route.intercept(
 *   throughMiddleware((request, response, next) => {
 *     response.setHeader('x-frame-options', 'DENY')
 *     next()
 *   }),
 * )
 */
export function throughMiddleware(...middleware: readonly ConnectMiddleware[]): Interceptor {
  for (const each of middleware) requireFunction('run middleware', 'the middleware', each)
  return needingEngineRequest(async (call, next) => {
    const request = nodeRequest(call)
    const silent = createSilentResponse(request)
    let refusal: Response | undefined
    const agreed = runAll(middleware, request, silent.response, async () => {
      refusal = await next()
    })
    const ending = await Promise.race([agreed, silent.ended])
    if (ending === 'ended') return silent.toResponse()

    silent.response.statusCode = refusal?.status ?? 101
    silent.response.end()
    await silent.ended
    addHeaders(call.response.headers, silent)
    return refusal
  })
}

/** Resolves when the last middleware has called `next` and `inside` has resolved. */
function runAll(
  middleware: readonly ConnectMiddleware[],
  request: IncomingMessage,
  response: ServerResponse,
  inside: () => Promise<void>,
): Promise<'agreed'> {
  return new Promise((resolve, reject) => {
    const run = async (index: number): Promise<void> => {
      const each = middleware[index]
      if (each === undefined) {
        await inside()
        resolve('agreed')
        return
      }
      let isCalled = false
      await each(request, response, (error) => {
        if (isCalled) return
        isCalled = true
        if (error !== undefined && error !== null) reject(asError(error))
        else run(index + 1).catch(reject)
      })
    }
    run(0).catch(reject)
  })
}

/** Middleware may pass a string. */
function asError(error: unknown): Error {
  if (error instanceof Error) return error
  return new TypeError(
    'Cannot upgrade: middleware passed a value to next() that is not an Error, expected an Error',
    {
      cause: error,
    },
  )
}

function addHeaders(headers: Headers, silent: SilentResponse): void {
  for (const [name, value] of silent.headers()) {
    if (isHandshakeHeader(name)) continue
    if (name === 'set-cookie') headers.append(name, value)
    else headers.set(name, value)
  }
}
