/**
 * Asks the application who may look. Whatever is not a clear yes is a no.
 */

import type { Application, ApplicationCall } from '../application/index.ts'
import { logFailure } from '../application/internal.ts'
import { AttributeKey, type Clock } from '../base/index.ts'
import { Deferred, kindOf } from '../base/internal.ts'

/** See `InspectorOptions.authorize`. */
export type Authorize = (
  call: ApplicationCall,
) => Promise<Response | undefined | void> | Response | undefined | void

/**
 * The name of the operator, for the log. `authorize` puts it into the attributes of the call.
 *
 * @example
 * const operators = new Map([['a-long-token', 'Ada']])
 * app.install(Inspector, {
 *   authorize: (call) => {
 *     const name = operators.get(call.request.cookies.get('session') ?? '')
 *     if (name === undefined) return new Response('Please log in', { status: 401 })
 *     call.attributes.put(InspectorOperator, name)
 *     return undefined
 *   },
 * })
 */
export const InspectorOperator: AttributeKey<string> = new AttributeKey('InspectorOperator')

/** How long `authorize` may take, in milliseconds. */
export const AUTHORIZE_LIMIT_MS = 10_000
const MAX_OPERATOR = 100

/** Asks one function. */
export class Authorization {
  readonly #authorize: Authorize
  readonly #app: Application

  constructor(app: Application, authorize: Authorize) {
    this.#app = app
    this.#authorize = authorize
  }

  /**
   * Asks for a page, or again for a session that is open.
   *
   * @returns `null`: may look. Otherwise the answer: a function that throws, that returns anything
   *   else, or that takes too long refuses too. Never rejects.
   */
  async ask(call: ApplicationCall): Promise<Response | null> {
    try {
      const answer: unknown = await this.decide(call)
      if (answer === undefined) return null
      if (answer instanceof Response) return answer
      throw new TypeError(
        `Cannot open the inspector: "authorize" returned ${kindOf(answer)}, expected a Response or undefined`,
      )
    } catch (error) {
      logFailure(this.#app.logger, error, 'Option "authorize" of Inspector failed')
      return new Response('Cannot open the inspector: the server failed\n', { status: 500 })
    }
  }

  /** The answer of the function itself: for an interceptor, which has a deadline of its own. */
  async decide(call: ApplicationCall): Promise<unknown> {
    const late = new Deferred<Response>()
    const timer = (this.#app.clock as Clock).setTimer(AUTHORIZE_LIMIT_MS, () => {
      late.resolve(new Response('Cannot open the inspector: no answer in time\n', { status: 503 }))
    })
    try {
      const authorize = this.#authorize
      return await Promise.race([authorize(call), late.promise])
    } finally {
      timer[Symbol.dispose]()
    }
  }
}

/** Returns the name that `authorize` gave; `null` if it gave none. */
export function operatorOf(call: ApplicationCall): string | null {
  const name: unknown = call.attributes.getOrNull(InspectorOperator)
  return typeof name === 'string' ? name.slice(0, MAX_OPERATOR) : null
}
