/**
 * Validates what is sent by its contract, and keeps events and requests in the order of the calls.
 *
 * As long as schemas validate at once there is no queue. Behind one that validates asynchronously,
 * later events and requests wait; answers do not, because their order is not promised.
 */

import {
  addAbortListener,
  Deferred,
  handled,
  rejected,
  removeAbortListener,
} from '../../base/internal.ts'
import { ClosedSendChannelError } from '../../channels/index.ts'
import { type Check, isPromise, type Validated } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import { InvalidMessageError } from '../errors.ts'
import { ignore } from './outbox.ts'
import type { LinkPort, LinkSettings } from './port.ts'
import { Turns } from './turns.ts'

/** Takes one message out of the queue, as if it had never been sent: its sender gets `reason`. */
export type Withdraw = (reason?: unknown) => void

/** What an order needs of the settings. */
export type OrderSettings = Pick<LinkSettings, 'side' | 'contract' | 'validatesOutgoing'>

/** See above. */
export class Order {
  readonly #settings: OrderSettings
  readonly #turns = new Turns()
  /** Withdraw the messages that wait for their turn. */
  readonly #withdrawals = new Set<Withdraw>()
  /** Set by `end`. */
  #turnAtEnd: LinkPort['turn'] | null = null

  constructor(settings: OrderSettings) {
    this.#settings = settings
  }

  /** Whether messages wait for a schema. */
  get isWaiting(): boolean {
    return this.#turns.size > 0
  }

  /**
   * The entry of a message that this side sends; `null`: the entries are not known here.
   *
   * @throws {TypeError} if the contract has no such entry.
   */
  entryOf(type: string, kind: CompiledEntry['kind']): CompiledEntry | null {
    const { contract, side } = this.#settings
    if (contract === null) return null
    const entry = contract[side].get(type)
    if (entry?.kind === kind) return entry
    throw new TypeError(`Cannot send "${type}": the contract has no such ${kind} of the ${side}`)
  }

  /**
   * The entry of a request, as `entryOf`.
   *
   * @throws {TypeError} also for a stream that is asked as a request, and the other way round.
   */
  requestOf(type: string, isStream: boolean): CompiledEntry | null {
    const entry = this.entryOf(type, 'request')
    if (entry === null || (entry.stream !== null) === isStream) return entry
    throw new TypeError(
      `Cannot ask "${type}": expected ${isStream ? 'request(), it is no stream' : 'stream()'}`,
    )
  }

  /** Whether a message goes out as it is, and at once. */
  passes(check: Check | null): boolean {
    return (check === null || !this.#settings.validatesOutgoing) && !this.isWaiting
  }

  /** Validates `data`, if this side validates what it sends. */
  validate(check: Check | null, data: unknown): Validated | Promise<Validated> {
    if (check === null || !this.#settings.validatesOutgoing) return { issues: null, value: data }
    return check(data)
  }

  /**
   * Validates `data` and calls `transmit` with the valid value, when all earlier calls have had
   * their turn.
   *
   * @param onWait is given what withdraws the message, if it has to wait.
   */
  inOrder(
    type: string,
    check: Check | null,
    data: unknown,
    transmit: (valid: unknown) => Promise<void>,
    onWait: (withdraw: Withdraw) => void,
  ): Promise<void> {
    try {
      const validated = this.validate(check, data)
      return isPromise(validated) || this.isWaiting
        ? this.#wait(type, validated, transmit, onWait)
        : transmit(requireValid(type, validated))
    } catch (error) {
      return rejected(error)
    }
  }

  /** As `inOrder`, until `signal` fires. */
  sendInOrder(
    type: string,
    check: Check | null,
    data: unknown,
    transmit: (valid: unknown) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (signal === undefined) return this.inOrder(type, check, data, transmit, ignore)
    if (signal.aborted) return rejected(signal.reason)
    let onAbort = ignore
    const sent = this.inOrder(type, check, data, transmit, (withdraw) => {
      onAbort = () => withdraw(signal.reason)
      addAbortListener(signal, onAbort)
    })
    if (onAbort !== ignore) {
      const forget = (): void => removeAbortListener(signal, onAbort)
      void sent.then(forget, forget)
    }
    return sent
  }

  /** The valid value. @throws {TypeError} for a schema that validates asynchronously. */
  validateNow(type: string, check: Check | null, data: unknown): unknown {
    const validated = this.validate(check, data)
    if (!isPromise(validated)) return requireValid(type, validated)
    void handled(validated)
    throw new TypeError(
      `Cannot trySend "${type}": its schema validates asynchronously, expected send()`,
    )
  }

  /**
   * The session is over: messages that wait for a schema are not sent. Later ones are refused too,
   * but a loop of them lets the event loop turn.
   *
   * @param turn see `LinkPort.turn`: where it returns `null`, messages may still be sent.
   */
  end(turn: LinkPort['turn']): void {
    this.#turnAtEnd = turn
    for (const withdraw of this.#withdrawals) withdraw(new ClosedSendChannelError(undefined))
  }

  #wait(
    type: string,
    validated: Validated | Promise<Validated>,
    transmit: (valid: unknown) => Promise<void>,
    onWait: (withdraw: Withdraw) => void,
  ): Promise<void> {
    const outcome = new Deferred<void>()
    const fail = (error: unknown): void => {
      this.#withdrawals.delete(withdraw)
      // A caller who does not await the promise is not stopped by the end of the session.
      if (error instanceof ClosedSendChannelError) void handled(outcome.promise)
      outcome.reject(error)
    }
    const giveUp = this.#turns.add(
      validated,
      (result) => {
        this.#withdrawals.delete(withdraw)
        try {
          // A later turn does not wait for room: the queue of the session keeps the order.
          transmit(requireValid(type, result)).then(() => outcome.resolve(), fail)
        } catch (error) {
          fail(error)
        }
      },
      fail,
    )
    const withdraw: Withdraw = (reason) => {
      fail(reason)
      giveUp()
    }
    this.#withdrawals.add(withdraw)
    onWait(withdraw)
    void this.#turnAtEnd?.()?.then(() => withdraw(new ClosedSendChannelError(undefined)))
    return outcome.promise
  }
}

/** @throws {InvalidMessageError} if the value is not valid. */
export function requireValid(type: string, validated: Validated): unknown {
  if (validated.issues === null) return validated.value
  throw new InvalidMessageError(type, validated.issues)
}
