/**
 * The plain requests of HTTP/2 to a server of our own: 400 where a WebSocket is, the `http`
 * listener for everything else, 404 if there is none.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

import type { Application } from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import { healthAnswer, type HealthPaths } from '../server/health.ts'
import { type HttpListener, pageAt } from '../server/pages.ts'
import { type HttpAnswer, sentence } from '../upgrades/http-answer.ts'
import { streamFailure } from './error-codes.ts'
import { refuseConnect, type StreamRequest } from './extended-connect.ts'

/** Node's classes for requests in the way of `node:http`. */
export interface RequestClasses {
  readonly Http2ServerRequest: typeof Http2ServerRequest
  readonly Http2ServerResponse: typeof Http2ServerResponse
}

const NOT_FOUND = sentence(404, 'Cannot answer: there is nothing at this path')
const FAILURE = sentence(500, 'Cannot answer: the application failed')

/** Answers plain requests, each once. */
export class Http2Requests {
  readonly #application: Application
  readonly #listener: HttpListener | null
  readonly #classes: RequestClasses
  readonly #health: HealthPaths | null

  constructor(
    application: Application,
    listener: HttpListener | null,
    classes: RequestClasses,
    health: HealthPaths | null,
  ) {
    this.#health = health
    this.#application = application
    this.#listener = listener
    this.#classes = classes
  }

  answer(request: StreamRequest): void {
    const { ':method': method, ':path': target = '' } = request.headers
    const health = healthAnswer(this.#application, this.#health, { method, target })
    const page = health === null ? pageAt(this.#application, target) : null
    const own = health ?? this.#application.answerPlainRequest(target, 'connect')
    if (page !== null) void this.#ask(page, request)
    else if (own !== null) this.#refuse(request, own)
    else if (this.#listener === null) this.#refuse(request, NOT_FOUND)
    else void this.#ask(this.#listener, request)
  }

  async #ask(listener: HttpListener, request: StreamRequest): Promise<void> {
    const { stream, headers, rawHeaders } = request
    const { Http2ServerRequest: Request, Http2ServerResponse: Response } = this.#classes
    try {
      // Made here and not by Node, whose `request` event would answer every CONNECT with 405.
      const incoming = new Request(stream, headers, {}, [...rawHeaders])
      const response = new Response(stream)
      // They are made to be used like those of node:http, and listeners for both exist.
      await listener(incoming as unknown as IncomingMessage, response as unknown as ServerResponse)
    } catch (error) {
      logFailure(this.#application.logger, error, 'HTTP listener failed')
      if (stream.headersSent) stream.destroy(streamFailure())
      else this.#refuse(request, FAILURE)
    }
  }

  #refuse(request: StreamRequest, answer: HttpAnswer): void {
    refuseConnect({ application: this.#application }, request, answer)
  }
}
