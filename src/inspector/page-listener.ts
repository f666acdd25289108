/**
 * Answers plain requests with the page.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Application } from '../application/index.ts'
import { callOf } from '../application/internal.ts'
import type { HttpListener } from '../engines/node/index.ts'
import { pageRequest } from '../engines/node/internal.ts'
import type { Authorization } from './authorization.ts'
import { PAGE_HEADERS, PAGE_HTML } from './page.ts'

/** Headers of a `Response` that belong to the connection. */
const ENGINE_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

/** Returns the listener of the page. */
export function createPageListener(app: Application, authorization: Authorization): HttpListener {
  return async (request: IncomingMessage, response: ServerResponse) => {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answer(response, 405, 'Cannot answer: the inspector expects GET or HEAD\n')
    }
    const call = callOf(app, pageRequest(request))
    if (call === null) return answer(response, 404, 'Cannot answer: the inspector is elsewhere\n')
    response.once('close', () =>
      call.end(() => new DOMException('The request is over', 'AbortError')),
    )
    const refusal = await authorization.ask(call)
    for (const [name, value] of call.responseHeaders) response.appendHeader(name, value)
    if (refusal !== null) return refuse(response, refusal)
    for (const [name, value] of PAGE_HEADERS) response.setHeader(name, value)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.statusCode = 200
    response.end(PAGE_HTML)
  }
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  for (const [name, value] of PAGE_HEADERS) response.setHeader(name, value)
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.statusCode = status
  response.end(sentence)
}

/** Sends the answer of the application: it may be a page to log in, with a policy of its own. */
async function refuse(response: ServerResponse, refusal: Response): Promise<void> {
  const body = new Uint8Array(await refusal.arrayBuffer())
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  for (const [name, value] of refusal.headers) {
    if (!ENGINE_HEADERS.has(name)) response.appendHeader(name, value)
  }
  response.statusCode = refusal.status
  response.end(body)
}
