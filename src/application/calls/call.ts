/**
 * One call: the request to upgrade, and what interceptors and the handler share about it.
 */

import { Attributes } from '../../base/index.ts'
import type { Application, ApplicationCall, ApplicationResponse } from '../application.ts'
import type { AnyParameters } from '../routing/path-parameters.ts'
import type { IncomingRequest } from './request.ts'

const NO_HEADERS: ReadonlyArray<readonly [string, string]> = []

/** The call of one upgrade, and then of its session. Parts that are never touched are never made. */
export class UpgradeCall implements ApplicationCall {
  readonly application: Application
  readonly request: IncomingRequest
  readonly parameters: AnyParameters
  #attributes: Attributes | null = null
  #response: ApplicationResponse | null = null
  #controller: AbortController | null = null
  /** Gives what `signal` has fired with, or would have. */
  #end: (() => unknown) | null = null

  constructor(application: Application, request: IncomingRequest, parameters: AnyParameters) {
    this.application = application
    this.request = request
    this.parameters = parameters
  }

  get attributes(): Attributes {
    this.#attributes ??= new Attributes()
    return this.#attributes
  }

  get response(): ApplicationResponse {
    this.#response ??= { headers: new Headers() }
    return this.#response
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#end !== null) this.#controller.abort(this.#end())
    }
    return this.#controller.signal
  }

  /** What interceptors have put on the response so far, names in lower case; a copy. */
  get responseHeaders(): ReadonlyArray<readonly [name: string, value: string]> {
    return this.#response === null ? NO_HEADERS : [...this.#response.headers]
  }

  /** Fires `signal` with what `reason` gives, which is asked only if somebody looks; only the first call counts. */
  end(reason: () => unknown): void {
    if (this.#end !== null) return
    this.#end = reason
    this.#controller?.abort(reason())
  }

  /** Whether `error` is no failure of its own, but what `signal` fired with. */
  isEndedBy(error: unknown): boolean {
    return this.#end !== null && this.#end() === error
  }
}

/** What most paths have; an object without a prototype costs 0.2 KiB, held as long as its session. */
const NO_PARAMETERS: AnyParameters = Object.freeze(Object.create(null) as AnyParameters)

/** The captures of a route, percent-decoded once; `null` if one of them is wrongly encoded. */
export function decodeParameters(captures: Readonly<Record<string, string>>): AnyParameters | null {
  if (Object.keys(captures).length === 0) return NO_PARAMETERS
  // Without a prototype: a parameter called __proto__ is a parameter.
  const parameters = Object.create(null) as Record<string, string | undefined>
  try {
    for (const [name, value] of Object.entries(captures)) {
      if (name !== '_') parameters[name] = decodeURIComponent(value)
    }
  } catch {
    // %zz, or bytes that are no UTF-8: the client's mistake.
    return null
  }
  return Object.freeze(parameters)
}
