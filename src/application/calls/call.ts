/**
 * A call: the one object that an upgrade keeps, from its route to the end of its session.
 *
 * An idle session holds its call, and a server has many idle sessions. The call therefore holds the
 * request of the engine, and makes everything else when it is first read.
 */

import { Attributes } from '../../base/index.ts'
import type { Application, ApplicationCall, ApplicationResponse } from '../application.ts'
import type { AsyncContext } from '../async-context.ts'
import type { UpgradeRequest } from '../engine.ts'
import type { AnyParameters } from '../routing/path-parameters.ts'
import type { WebSocketRoute } from '../routing/route-scope.ts'
import { compacted, headBytesOf } from './kept-request.ts'
import { IncomingRequest, localOrigin, type OriginResolver, type RequestOrigin } from './request.ts'
import { parseRequestTarget } from './request-target.ts'

/** Shared by routes without parameters: an object without a prototype costs 0.2 KiB a session. */
const NO_PARAMETERS: AnyParameters = Object.freeze(Object.create(null) as AnyParameters)

const NO_HEADERS: ReadonlyArray<readonly [string, string]> = []

/** What all calls of an application share. */
export interface CallHost {
  readonly application: Application
  readonly resolvers: readonly OriginResolver[]
}

/** The parts of a call that most sessions never use. Made when one of them is first used. */
class CallExtras {
  parameters: AnyParameters = NO_PARAMETERS
  attributes: Attributes | null = null
  response: ApplicationResponse | null = null
  controller: AbortController | null = null
  context: AsyncContext | null = null
  /** Returns the abort reason of `signal`; set when the call has ended. */
  end: (() => unknown) | null = null
}

/** The call of an upgrade and then of its session. */
export class UpgradeCall implements ApplicationCall {
  readonly #host: CallHost
  readonly #route: WebSocketRoute
  /** The engine's request until `request` is first read. */
  #request: UpgradeRequest | IncomingRequest
  #extras: CallExtras | null = null

  constructor(
    host: CallHost,
    route: WebSocketRoute,
    request: UpgradeRequest,
    parameters: AnyParameters,
  ) {
    this.#host = host
    this.#route = route
    this.#request = request
    if (parameters === NO_PARAMETERS) return
    this.#extras = new CallExtras()
    this.#extras.parameters = parameters
  }

  get parameters(): AnyParameters {
    return this.#extras?.parameters ?? NO_PARAMETERS
  }

  get application(): Application {
    return this.#host.application
  }

  get request(): IncomingRequest {
    if (this.#request instanceof IncomingRequest) return this.#request
    const target = parseRequestTarget(this.#request.target)
    if (target === null) throw new Error('Cannot read the request: its target is invalid')
    const request = new IncomingRequest(this.#request, target, this.#host.resolvers)
    this.#request = request
    return request
  }

  // No private method makes the extras: a class with private methods costs a field of each object.

  get attributes(): Attributes {
    this.#extras ??= new CallExtras()
    this.#extras.attributes ??= new Attributes()
    return this.#extras.attributes
  }

  get response(): ApplicationResponse {
    this.#extras ??= new CallExtras()
    this.#extras.response ??= { headers: new Headers() }
    return this.#extras.response
  }

  get signal(): AbortSignal {
    this.#extras ??= new CallExtras()
    if (this.#extras.controller === null) {
      this.#extras.controller = new AbortController()
      const { end } = this.#extras
      if (end !== null) this.#extras.controller.abort(end())
    }
    return this.#extras.controller.signal
  }

  // For the code that decides the call and serves its session

  get route(): WebSocketRoute {
    return this.#route
  }

  /** The engine's request, or its compact copy. */
  get raw(): UpgradeRequest {
    return this.#request instanceof IncomingRequest ? this.#request.raw : this.#request
  }

  /** The same as `request.origin`, without making a request if there are no resolvers. */
  get origin(): RequestOrigin {
    return this.#host.resolvers.length === 0 ? localOrigin(this.raw) : this.request.origin
  }

  /** The same as `origin.remoteHost`, without making an origin if there are no resolvers. */
  get remoteHost(): string {
    if (this.#host.resolvers.length > 0) return this.request.origin.remoteHost
    return this.raw.remote.host ?? ''
  }

  /** The memory that the head of the request holds, in bytes. */
  get headBytes(): number {
    return headBytesOf(this.raw)
  }

  /** The `AsyncLocalStorage` context that interceptors made; `null` without interceptors. */
  get context(): AsyncContext | null {
    return this.#extras?.context ?? null
  }

  set context(context: AsyncContext) {
    this.#extras ??= new CallExtras()
    this.#extras.context = context
  }

  /** The headers that interceptors have added so far, names in lower case; a copy. */
  get responseHeaders(): ReadonlyArray<readonly [name: string, value: string]> {
    const response = this.#extras?.response ?? null
    return response === null ? NO_HEADERS : [...response.headers]
  }

  /** The upgrade is decided: keeps a large head as one string. */
  compact(): void {
    if (this.#request instanceof IncomingRequest) this.#request.compact()
    else this.#request = compacted(this.#request)
  }

  /** Aborts `signal`. `reason` is called only if the signal is used. Later calls are ignored. */
  end(reason: () => unknown): void {
    this.#extras ??= new CallExtras()
    if (this.#extras.end !== null) return
    this.#extras.end = reason
    this.#extras.controller?.abort(reason())
  }

  /** Whether something may listen to `signal`. */
  get hasSignal(): boolean {
    return this.#extras !== null && this.#extras.controller !== null
  }

  /** Whether `error` is the abort reason of `signal` and therefore no failure of its own. */
  isEndedBy(error: unknown): boolean {
    const end = this.#extras?.end ?? null
    return end !== null && end() === error
  }
}

/** Percent-decodes the captures of a route once. Returns `null` if one is wrongly encoded. */
export function decodeParameters(captures: Readonly<Record<string, string>>): AnyParameters | null {
  if (Object.keys(captures).length === 0) return NO_PARAMETERS
  // Without a prototype, so that a parameter may be called __proto__.
  const parameters = Object.create(null) as Record<string, string | undefined>
  try {
    for (const [name, value] of Object.entries(captures)) {
      if (name !== '_') parameters[name] = decodeURIComponent(value)
    }
  } catch {
    // The client sent %zz, or bytes that are not UTF-8.
    return null
  }
  return Object.freeze(parameters)
}
