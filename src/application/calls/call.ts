/**
 * A call: the upgrade request, and the values that interceptors and the handler share.
 */

import { Attributes } from '../../base/index.ts'
import type { Application, ApplicationCall, ApplicationResponse } from '../application.ts'
import type { AnyParameters } from '../routing/path-parameters.ts'
import type { IncomingRequest } from './request.ts'

const NO_HEADERS: ReadonlyArray<readonly [string, string]> = []

/**
 * The call of an upgrade and then of its session. Its parts are created when they are first used.
 */
export class UpgradeCall implements ApplicationCall {
  readonly application: Application
  readonly request: IncomingRequest
  readonly parameters: AnyParameters
  #attributes: Attributes | null = null
  #response: ApplicationResponse | null = null
  #controller: AbortController | null = null
  /** Returns the abort reason of `signal`; set when the call has ended. */
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

  /** The headers that interceptors have added so far, names in lower case; a copy. */
  get responseHeaders(): ReadonlyArray<readonly [name: string, value: string]> {
    return this.#response === null ? NO_HEADERS : [...this.#response.headers]
  }

  /** Aborts `signal`. `reason` is called only if the signal is used. Later calls are ignored. */
  end(reason: () => unknown): void {
    if (this.#end !== null) return
    this.#end = reason
    this.#controller?.abort(reason())
  }

  /** Whether `error` is the abort reason of `signal` and therefore no failure of its own. */
  isEndedBy(error: unknown): boolean {
    return this.#end !== null && this.#end() === error
  }
}

/** Shared by routes without parameters: an object without a prototype costs 0.2 KiB a session. */
const NO_PARAMETERS: AnyParameters = Object.freeze(Object.create(null) as AnyParameters)

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
