/**
 * The requests to a server of our own that ask for no upgrade: 426 where a WebSocket is, the `http`
 * listener for everything else, 404 when there is none.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Application } from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import type { TimerWheel } from '../../../base/internal.ts'
import { connectionTokens, type HttpAnswer, sentence } from '../upgrades/http-answer.ts'

/** Answers a request in the way of `node:http`; what it returns is awaited if it is a promise. */
export type HttpListener = (request: IncomingMessage, response: ServerResponse) => unknown

/** Answers plain requests, each once, and outlives every failure of the listener. */
export class PlainRequests {
  readonly #application: Application
  readonly #listener: HttpListener | null
  readonly #timers: TimerWheel
  #stopping = false

  constructor(application: Application, listener: HttpListener | null, timers: TimerWheel) {
    this.#application = application
    this.#listener = listener
    this.#timers = timers
  }

  /** From now on every answer ends its connection. */
  stop(): void {
    this.#stopping = true
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#stopping) response.shouldKeepAlive = false
    const own = this.#application.answerPlainRequest(request.url ?? '')
    if (own !== null) this.#write(response, own)
    else if (this.#listener === null) this.#write(response, NOT_FOUND)
    else void this.#ask(this.#listener, request, response)
  }

  async #ask(
    listener: HttpListener,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      await listener(request, response)
    } catch (error) {
      logFailure(this.#application.logger, error, 'HTTP listener failed')
      if (response.headersSent) response.destroy()
      else this.#write(response, FAILURE)
    }
  }

  /** Writes an answer of ours, and limits the time that the rest of the request's body may take. */
  #write(response: ServerResponse, answer: HttpAnswer): void {
    write(response, answer)
    const { req: request } = response
    if (request.complete) return
    const { socket } = request
    const deadline = this.#timers.schedule(BODY_LIMIT_MS, () => socket.destroy())
    request.once('close', () => deadline.cancel())
  }
}

/** How long a client may go on sending the body of a request that has been answered already. */
const BODY_LIMIT_MS = 5000

const NOT_FOUND = sentence(404, 'Cannot answer: no route has this path')
const FAILURE = sentence(500, 'Cannot answer: the application failed')

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const keepsAlive = response.shouldKeepAlive
  response.statusCode = status
  for (const [name, value] of headers) response.appendHeader(name, value)
  // Any Connection header of ours would otherwise pass for the wish to keep the connection.
  if (!keepsAlive) response.setHeader('connection', connectionTokens(headers))
  response.end(body)
}
