/**
 * What a link does with schemas: validates what arrives, in its order, and says what is invalid.
 *
 * A page has none of it. The way out is `Order`.
 */

import { type Check, isPromise, type Validated } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import { isBuiltin } from '../errors.ts'
import type { Arrivals } from './arrivals.ts'
import type { Envelope } from './envelope.ts'
import { Order } from './order.ts'
import type { AnswerChecks, Invalid, KnownFailure } from './parts.ts'
import type { LinkPort, LinkSettings } from './port.ts'
import type { Served } from './served.ts'
import { Turns } from './turns.ts'

// Close codes (RFC 6455 §7.4.1).
const POLICY = 1008
const INTERNAL_ERROR = 1011

/** A link, as its checks see it. */
export interface ChecksOwner {
  readonly port: LinkPort
  readonly settings: LinkSettings
  readonly arrivals: Pick<Arrivals, 'turns' | 'turnIsOver' | 'countAhead'>
  /** A message is valid. @param served `null`: it is an event. */
  show(type: string, data: unknown, served: Served | null, size: number): void
  /** Ends the session: the peer has broken a rule. */
  fail(code: number, message: string): void
}

/** See above. */
export class Checks implements AnswerChecks {
  readonly order: Order
  readonly #owner: ChecksOwner
  /** Messages whose schema has not answered, and those behind them. */
  readonly #turns = new Turns()

  constructor(owner: ChecksOwner) {
    this.#owner = owner
    this.order = new Order(owner.settings)
    this.#turns.onTurn = () => owner.arrivals.turnIsOver()
    owner.arrivals.turns = this.#turns
  }

  /** A message arrives. It is shown behind all earlier ones. @param served `null`: an event. */
  arrive(
    entry: CompiledEntry | null,
    { type, data }: Envelope,
    served: Served | null,
    size: number,
  ): void {
    const check = entry !== null && this.#owner.settings.validatesIncoming ? entry.data : null
    if (check === null && this.#turns.size === 0) {
      this.#owner.show(type, data, served, size)
      return
    }
    let validated
    try {
      validated = check === null ? { issues: null, value: data } : check(data)
    } catch (error) {
      this.#schemaFailed(type, served, error)
      return
    }
    if (this.#turns.size === 0 && !isPromise(validated)) {
      this.#validated(type, served, validated, size)
    } else this.#wait(type, served, validated, size)
  }

  answered(
    check: Check | null,
    data: unknown,
    use: (value: unknown) => void,
    invalid: (outcome: Invalid) => void,
  ): void {
    if (check === null || !this.#owner.settings.validatesIncoming) {
      use(data)
      return
    }
    const finish = (validated: Validated): void => {
      if (validated.issues === null) use(validated.value)
      else invalid(validated)
    }
    const failed = (error: unknown): void => invalid({ error })
    try {
      const validated = check(data)
      if (isPromise(validated)) validated.then(finish, failed)
      else finish(validated)
    } catch (error) {
      failed(error)
    }
  }

  failureOf(entry: CompiledEntry | null, code: string, data: unknown): KnownFailure {
    if (entry === null || !this.#owner.settings.validatesIncoming)
      return { code, check: null, data }
    const check = entry.errors.get(code) ?? null
    if (check !== null) return { code, check, data }
    const isKnown = entry.errors.has(code) || isBuiltin(code)
    return { code: isKnown ? code : 'FAILED', check: null, data: undefined }
  }

  invalid(type: string, outcome: Invalid): void {
    const { port, settings } = this.#owner
    if ('error' in outcome) port.report(outcome.error, type)
    else if (outcome.issues !== null) {
      try {
        settings.onInvalid({ type, issues: outcome.issues })
      } catch (error) {
        port.report(error, type)
      }
    }
  }

  #wait(
    type: string,
    served: Served | null,
    validated: Validated | Promise<Validated>,
    size: number,
  ): void {
    this.#owner.arrivals.countAhead(size)
    this.#turns.add(
      validated,
      (settled) => this.#validated(type, served, settled, size),
      (error) => this.#schemaFailed(type, served, error),
    )
  }

  #validated(type: string, served: Served | null, validated: Validated, size: number): void {
    if (validated.issues === null) {
      this.#owner.show(type, validated.value, served, size)
      return
    }
    this.invalid(type, validated)
    if (served !== null) served.refuse('INVALID', validated.issues)
    else if (this.#owner.settings.closesAtInvalidEvents) {
      this.#owner.fail(POLICY, `Invalid message: ${type}`)
    }
  }

  #schemaFailed(type: string, served: Served | null, error: unknown): void {
    this.#owner.port.report(error, type)
    if (served !== null) served.refuse('FAILED')
    else if (this.#owner.settings.closesAtInvalidEvents) this.#owner.fail(INTERNAL_ERROR, '')
  }
}
