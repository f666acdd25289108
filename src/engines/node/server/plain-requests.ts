/**
 * Answers the requests of an embedded server that are no upgrade: health checks, 426 for the path
 * of a WebSocket route, the `http` listener for other paths, 404 without a listener.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Application } from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import type { TimerWheel } from '../../../base/internal.ts'
import { connectionTokens, type HttpAnswer, sentence } from '../upgrades/http-answer.ts'
import { healthAnswer, type HealthPaths } from './health.ts'
import { type HttpListener, pageAt } from './pages.ts'

/** Answers plain requests. A failure of the listener is logged. */
export class PlainRequests {
  readonly #application: Application
  readonly #listener: HttpListener | null
  readonly #timers: TimerWheel
  readonly #health: HealthPaths | null
  #stopping = false

  constructor(
    application: Application,
    listener: HttpListener | null,
    timers: TimerWheel,
    health: HealthPaths | null = null,
  ) {
    this.#health = health
    this.#application = application
    this.#listener = listener
    this.#timers = timers
  }

  /** Every answer closes its connection from now on. */
  stop(): void {
    this.#stopping = true
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#stopping) response.shouldKeepAlive = false
    const { method, url: target = '' } = request
    const health = healthAnswer(this.#application, this.#health, { method, target })
    const page = health === null ? pageAt(this.#application, target) : null
    const own = health ?? this.#application.answerPlainRequest(target)
    if (page !== null) void this.#ask(page, request, response)
    else if (own !== null) this.#write(response, own)
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

  /** Writes an answer, and limits the time for the rest of the request's body. */
  #write(response: ServerResponse, answer: HttpAnswer): void {
    write(response, answer)
    const { req: request } = response
    if (request.complete) return
    const { socket } = request
    const deadline = this.#timers.schedule(BODY_LIMIT_MS, () => socket.destroy())
    request.once('close', () => deadline.cancel())
  }
}

/** Time limit for the rest of the body of a request that has been answered. */
const BODY_LIMIT_MS = 5000

const NOT_FOUND = sentence(404, 'Cannot answer: no route has this path')
const FAILURE = sentence(500, 'Cannot answer: the application failed')

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const keepsAlive = response.shouldKeepAlive
  response.statusCode = status
  for (const [name, value] of headers) response.appendHeader(name, value)
  // Node would treat any Connection header as the wish to keep the connection.
  if (!keepsAlive) response.setHeader('connection', connectionTokens(headers))
  response.end(body)
}
