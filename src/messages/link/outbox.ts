/**
 * The way out of a link: validates, encodes, and keeps events and requests in the order of the
 * calls.
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
import { ClosedSendChannelError, type TrySendResult } from '../../channels/index.ts'
import { SENT } from '../../channels/internal.ts'
import { type Check, isPromise, type Validated } from '../../schema/index.ts'
import { InvalidMessageError } from '../errors.ts'
import type { LinkPort, LinkSettings, Wire } from './port.ts'
import { Turns } from './turns.ts'

/** Answers that wait for room in the queue of the session. */
const MAX_WAITING_POSTS = 1024

/** What an outbox needs of the settings. */
export type OutboxSettings = Pick<LinkSettings, 'codec' | 'validatesOutgoing'>

/** Takes one message out of the queue, as if it had never been sent: its sender gets `reason`. */
export type Withdraw = (reason?: unknown) => void

/** Sends. */
export class Outbox {
  readonly #port: LinkPort
  readonly #settings: OutboxSettings
  readonly #turns = new Turns()
  /** Withdraw the messages that wait for their turn. */
  readonly #withdrawals = new Set<Withdraw>()
  #waitingPosts = 0
  /** Called when there is room for answers again. */
  onPosted: (() => void) | null = null

  constructor(port: LinkPort, settings: OutboxSettings) {
    this.#port = port
    this.#settings = settings
  }

  /**
   * Whether more answers wait for room than a peer within its limits can cause. Nothing more is
   * then read from the peer: it sends, and does not read its answers.
   */
  get isFlooded(): boolean {
    return this.#waitingPosts >= MAX_WAITING_POSTS
  }

  /** Whether messages wait for a schema. */
  get isWaiting(): boolean {
    return this.#turns.size > 0
  }

  /** Validates `data`, if this side validates what it sends. */
  validate(check: Check | null, data: unknown): Validated | Promise<Validated> {
    if (check === null || !this.#settings.validatesOutgoing) return { issues: null, value: data }
    return check(data)
  }

  /** @throws what the codec throws for a value that its format does not have. */
  encode(message: object): Wire {
    return this.#settings.codec.encode(message)
  }

  /**
   * An item of a stream or an upload. Bytes travel in a frame of their own where the codec is a
   * text.
   *
   * @throws as `encode`.
   */
  encodeItem(id: number, data: unknown): Wire {
    if (!(data instanceof Uint8Array) || this.#settings.codec.frame === 'binary') {
      return this.encode({ type: '.item', id, data })
    }
    const frame = new Uint8Array(4 + data.length)
    new DataView(frame.buffer).setUint32(0, id)
    frame.set(data, 4)
    return frame
  }

  /**
   * Sends an answer, or what belongs to a request that is under way. Resolves when it is in the
   * queue of the session, or the session is over; never rejects.
   *
   * @returns `SENT` if that is so already.
   * @throws as `encode`.
   */
  post(message: object): Promise<void> {
    const wire = this.encode(message)
    if (this.#port.trySend(wire) !== 'full') return SENT
    this.#waitingPosts++
    const posted = (): void => {
      this.#waitingPosts--
      if (this.#waitingPosts === MAX_WAITING_POSTS - 1) this.onPosted?.()
    }
    return this.#port.send(wire).then(posted, posted)
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
    if (signal?.aborted === true) return rejected(signal.reason)
    let onAbort = ignore
    const sent = this.inOrder(type, check, data, transmit, (withdraw) => {
      onAbort = () => withdraw(signal?.reason)
      if (signal !== undefined) addAbortListener(signal, onAbort)
    })
    if (signal !== undefined && onAbort !== ignore) {
      const forget = (): void => removeAbortListener(signal, onAbort)
      void sent.then(forget, forget)
    }
    return sent
  }

  /** Sends an event without waiting. @throws as `send` of a session rejects. */
  trySend(type: string, check: Check | null, data: unknown): TrySendResult {
    const wire = this.encode({ type, data: this.validateNow(type, check, data) })
    return this.isWaiting ? 'full' : this.#port.trySend(wire)
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

  /** The session is over: what still waits will not be sent. */
  end(): void {
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
    return outcome.promise
  }
}

/** @throws {InvalidMessageError} if the value is not valid. */
export function requireValid(type: string, validated: Validated): unknown {
  if (validated.issues === null) return validated.value
  throw new InvalidMessageError(type, validated.issues)
}

/** Handles an outcome that is reported elsewhere, or that no caller needs. */
export function ignore(): void {}
