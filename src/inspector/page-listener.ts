/**
 * Answers plain requests with the page.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Application } from '../application/index.ts'
import { callOf, logFailure } from '../application/internal.ts'
import type { HttpListener } from '../engines/node/index.ts'
import { pageRequest } from '../engines/node/internal.ts'
import type { Authorization } from './authorization.ts'
import { PAGE_HEADERS, PAGE_HTML } from './page.ts'

/** Headers of a `Response` that belong to the connection. */
const ENGINE_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

const NEVER_CACHED: typeof PAGE_HEADERS = [
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
]

/** Returns the listener of the page. Its promise never rejects: a server may not await it. */
export function createPageListener(app: Application, authorization: Authorization): HttpListener {
  return async (request: IncomingMessage, response: ServerResponse) => {
    try {
      await answerRequest(app, authorization, request, response)
    } catch (error) {
      // The `Response` of `authorize` cannot be sent: its body was used, or it is Response.error().
      logFailure(app.logger, error, 'Inspector failed')
      if (response.headersSent) response.destroy()
      else answer(response, 500, 'Cannot open the inspector: the server failed\n')
    }
  }
}

async function answerRequest(
  app: Application,
  authorization: Authorization,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
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
  const given = call.responseHeaders
  if (refusal === null) return answer(response, 200, PAGE_HTML, 'text/html', given)
  const body = new Uint8Array(await refusal.arrayBuffer())
  // It may be a page to log in, with a policy of its own.
  setHeaders(response, NEVER_CACHED)
  setHeaders(response, given)
  setHeaders(response, refusal.headers)
  response.writeHead(refusal.status).end(body)
}

/** Sends a text of the inspector's own. */
function answer(
  response: ServerResponse,
  status: number,
  text: string,
  type: 'text/plain' | 'text/html' = 'text/plain',
  given: Iterable<readonly [string, string]> = [],
): void {
  setHeaders(response, given)
  setHeaders(response, PAGE_HEADERS)
  response.setHeader('content-type', `${type}; charset=utf-8`)
  response.writeHead(status).end(text)
}

/** Replaces what middleware in front has set, except cookies. */
function setHeaders(response: ServerResponse, headers: Iterable<readonly [string, string]>): void {
  for (const [name, value] of headers) {
    if (ENGINE_HEADERS.has(name)) continue
    if (name === 'set-cookie') response.appendHeader(name, value)
    else response.setHeader(name, value)
  }
}
