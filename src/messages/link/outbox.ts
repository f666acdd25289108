/**
 * The way out of a link: validates, encodes, and keeps events and requests in the order of the
 * calls.
 *
 * As long as schemas validate at once there is no queue. Behind one that validates asynchronously,
 * later events and requests wait; answers do not, because their order is not promised.
 */

import { Deferred, rejected } from '../../base/internal.ts'
import { ClosedSendChannelError, type TrySendResult } from '../../channels/index.ts'
import { SENT } from '../../channels/internal.ts'
import { isPromise, type Validated, validateWith } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import { InvalidMessageError } from '../errors.ts'
import type { LinkPort, LinkSettings, Wire } from './port.ts'

/** Answers that wait for room in the queue of the session. */
const MAX_WAITING_POSTS = 1024

/** What an outbox needs of the settings. */
export type OutboxSettings = Pick<LinkSettings, 'codec' | 'validatesOutgoing'>

/** Takes one message out of the queue, as if it had never been sent: its sender gets `reason`. */
export type Withdraw = (reason?: unknown) => void

/** One message that waits for its turn. */
interface Waiting {
  /** What its schema says; `null`: it has been withdrawn. */
  readonly validated: Deferred<Validated | null>
  readonly outcome: Deferred<void>
}

/** Sends. */
export class Outbox {
  readonly #port: LinkPort
  readonly #settings: OutboxSettings
  #tail: Promise<void> | null = null
  readonly #waiting = new Set<Waiting>()
  #waitingPosts = 0
  /** Is told when there is room for answers again. */
  onPosted: (() => void) | null = null

  constructor(port: LinkPort, settings: OutboxSettings) {
    this.#port = port
    this.#settings = settings
  }

  /**
   * Whether more answers wait for room than a peer can cause that keeps to its limits. Nothing more
   * is read from one that sends, and does not read what it is answered.
   */
  get isFlooded(): boolean {
    return this.#waitingPosts >= MAX_WAITING_POSTS
  }

  /** Whether messages wait for a schema. */
  get isWaiting(): boolean {
    return this.#tail !== null
  }

  /** What the schema of this message makes of `data`, if this side validates what it sends. */
  validate(schema: CompiledEntry['data'], data: unknown): Validated | Promise<Validated> {
    if (schema === null || !this.#settings.validatesOutgoing) return { issues: null, value: data }
    return validateWith(schema, data)
  }

  /** @throws what the codec throws for a value that its format does not have. */
  encode(message: object): Wire {
    return this.#settings.codec.encode(message)
  }

  /**
   * An item of a stream or an upload. Bytes travel in a frame of their own where the codec is a
   * text.
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
    schema: CompiledEntry['data'],
    data: unknown,
    transmit: (valid: unknown) => Promise<void>,
    onWait: (withdraw: Withdraw) => void,
  ): Promise<void> {
    try {
      const validated = this.validate(schema, data)
      if (this.#tail === null && !isPromise(validated)) {
        return transmit(requireValid(type, validated))
      }
      return this.#wait(type, Promise.resolve(validated), transmit, onWait)
    } catch (error) {
      return rejected(error)
    }
  }

  /** Sends an event without waiting. @throws as `send` of a session rejects. */
  trySend(type: string, schema: CompiledEntry['data'], data: unknown): TrySendResult {
    const wire = this.encode({ type, data: this.validateNow(type, schema, data) })
    return this.#tail === null ? this.#port.trySend(wire) : 'full'
  }

  /** The valid value. @throws {TypeError} for a schema that validates asynchronously. */
  validateNow(type: string, schema: CompiledEntry['data'], data: unknown): unknown {
    const validated = this.validate(schema, data)
    if (!isPromise(validated)) return requireValid(type, validated)
    validated.then(ignore, ignore)
    throw new TypeError(
      `Cannot trySend "${type}": its schema validates asynchronously, expected send()`,
    )
  }

  /** The session is over: what still waits will not be sent. */
  end(): void {
    for (const { validated, outcome } of this.#waiting) {
      // The end of a session is no news to a caller who does not listen.
      outcome.promise.catch(ignore)
      outcome.reject(new ClosedSendChannelError(undefined))
      validated.resolve(null)
    }
  }

  #wait(
    type: string,
    validation: Promise<Validated>,
    transmit: (valid: unknown) => Promise<void>,
    onWait: (withdraw: Withdraw) => void,
  ): Promise<void> {
    const waiting: Waiting = { validated: new Deferred(), outcome: new Deferred() }
    const { validated, outcome } = waiting
    this.#waiting.add(waiting)
    validation.then(
      (result) => validated.resolve(result),
      (error: unknown) => {
        outcome.reject(error)
        validated.resolve(null)
      },
    )
    onWait((reason) => {
      outcome.reject(reason)
      validated.resolve(null)
    })
    const turn = Promise.all([validated.promise, this.#tail]).then(([result]) => {
      this.#waiting.delete(waiting)
      if (this.#tail === turn) this.#tail = null
      if (result === null) return
      try {
        // A later turn does not wait for room: the queue of the session keeps the order.
        transmit(requireValid(type, result)).then(
          () => outcome.resolve(),
          (error: unknown) => {
            if (error instanceof ClosedSendChannelError) outcome.promise.catch(ignore)
            outcome.reject(error)
          },
        )
      } catch (error) {
        outcome.reject(error)
      }
    })
    this.#tail = turn
    return outcome.promise
  }
}

/** @throws {InvalidMessageError} if the value is not valid. */
export function requireValid(type: string, validated: Validated): unknown {
  if (validated.issues === null) return validated.value
  throw new InvalidMessageError(type, validated.issues)
}

/** For outcomes that are told elsewhere, or that matter to no caller. */
export function ignore(): void {}
