/**
 * One request of this side: from the call to its one outcome.
 */

import {
  addAbortListener,
  asError,
  Deferred,
  handled,
  removeAbortListener,
} from '../../base/internal.ts'
import { SENT } from '../../channels/internal.ts'
import { type Check, isPromise, type Validated } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import { InvalidMessageError, isBuiltin, RequestFailedError } from '../errors.ts'
import { type Envelope, issuesOf } from './envelope.ts'
import { ItemSink } from './item-sink.ts'
import { type Items, ItemSource } from './item-source.ts'
import type { Withdraw } from './outbox.ts'
import type { LinkParts } from './parts.ts'

/** One call of `request` or `stream`. */
export interface Question {
  readonly type: string
  /** `null`: its schemas are not known here. */
  readonly entry: CompiledEntry | null
  readonly data: unknown
  readonly upload: Items | null
  readonly isStream: boolean
  /** In milliseconds; `null`: none. */
  readonly timeout: number | null
  readonly signal: AbortSignal | null
}

/** The requests of this side, as one request sees them. */
export interface AsksOfOneSide {
  nextId(ask: Ask): number
  release(ask: Ask, wasStarted: boolean): void
}

/** See above. */
export class Ask {
  /** 0 until it is sent. */
  id = 0
  /** The items of the answer; `null`: it is no stream. */
  readonly sink: ItemSink | null
  readonly #link: LinkParts
  readonly #asks: AsksOfOneSide
  readonly #question: Question
  readonly #result = new Deferred<unknown>()
  readonly #deadline: number | null
  #timer: Disposable | null = null
  #source: ItemSource | null = null
  #withdraw: Withdraw | null = null
  #phase: 'waiting' | 'started' | 'sent' | 'settled' = 'waiting'

  constructor(link: LinkParts, asks: AsksOfOneSide, question: Question) {
    const { type, isStream, timeout, entry } = question
    const { settings, port, outbox } = link
    this.#link = link
    this.#asks = asks
    this.#question = question
    this.#deadline = timeout === null ? null : port.clock.now() + timeout
    this.sink = isStream
      ? new ItemSink(settings.credit, settings.validatesIncoming ? (entry?.stream ?? null) : null, {
          grant: (items) => void outbox.post({ type: '.credit', id: this.id, items }),
          left: () => this.cancel(new RequestFailedError(type, 'CANCELLED')),
          invalid: (outcome) => this.#invalid(outcome),
        })
      : null
  }

  /** Settles once. A stream that fails tells its reader first: the promise is then handled. */
  get result(): Promise<unknown> {
    return this.#result.promise
  }

  /** Whether items of the answer may be bytes. */
  get takesBytes(): boolean {
    return this.#question.entry?.isBytes.stream ?? true
  }

  /** Its time begins. */
  begin(): void {
    const { timeout, signal } = this.#question
    if (timeout !== null) {
      this.#timer = this.#link.port.clock.setTimer(timeout, () => this.#timeIsUp(timeout))
    }
    if (signal !== null) addAbortListener(signal, this.#aborted)
  }

  /** There is room for it among those that are under way. */
  start(): void {
    this.#phase = 'started'
    const { type, entry, data } = this.#question
    this.#link.outbox
      .inOrder(
        type,
        entry?.data ?? null,
        data,
        (valid) => this.#transmit(valid),
        (withdraw) => {
          this.#withdraw = withdraw
        },
      )
      .catch((error: unknown) => this.fail(error))
  }

  /** A message of the peer that belongs to it. @returns `false` for what cannot be so. */
  take(message: Envelope): boolean {
    const { type, data, items = 0 } = message
    if (type === '.item') return this.sink?.receive(data) ?? false
    if (type === '.credit') {
      if (this.#question.upload === null) return false
      this.#source?.grant(items)
    } else if (type === '.error') {
      this.#refused(message)
    } else {
      if (type !== (this.sink === null ? '.response' : '.end')) return false
      const { entry } = this.#question
      this.#validated(entry?.response ?? null, data, (value) => this.#succeed(value))
    }
    return true
  }

  /** The request fails with `error`; the peer knows, or has not been asked. */
  fail(error: unknown): void {
    if (this.#settle(true)) this.#reject(error)
  }

  /** The session is over. What was received before is still delivered. */
  disconnected(cause: Error | null): void {
    // A caller who does not await the promise is not stopped by the end of the session.
    void handled(this.#result.promise)
    this.fail(disconnected(this.#question.type, cause))
  }

  /** Cancels the request: it fails with `error`, and the peer gets a `.cancel`. */
  cancel(error: unknown): void {
    const { id } = this
    const told = this.#phase === 'sent' ? this.#link.outbox.post({ type: '.cancel', id }) : SENT
    this.#withdraw?.()
    // It counts as under way until the `.cancel` is in the queue: this bounds what waits for room.
    if (!this.#settle(told === SENT)) return
    if (told !== SENT) void told.then(() => this.#asks.release(this, true))
    this.#reject(error)
  }

  #transmit(valid: unknown): Promise<void> {
    if (this.#phase === 'settled') return SENT
    const { port, outbox } = this.#link
    const { type } = this.#question
    this.id = this.#asks.nextId(this)
    let wire
    try {
      wire = outbox.encode(this.#message(valid))
    } catch (cause) {
      const reason = 'its data has no form in the codec'
      this.fail(new RequestFailedError(type, 'FAILED', { cause, reason }))
      return SENT
    }
    this.#link.asked()
    const outcome = port.trySend(wire)
    if (outcome === 'sent') this.#sent()
    else if (outcome === 'closed') this.disconnected(null)
    else {
      const controller = new AbortController()
      this.#withdraw = () => controller.abort()
      port.send(wire, controller.signal).then(
        () => this.#sent(),
        (error: unknown) => this.disconnected(asError(error, 'the session')),
      )
    }
    return SENT
  }

  #message(data: unknown): object {
    const message: Record<string, unknown> = { type: this.#question.type, id: this.id }
    if (data !== undefined) message['data'] = data
    if (this.#deadline !== null) {
      const left = this.#deadline - this.#link.port.clock.now()
      message['timeout'] = Math.max(1, Math.ceil(left))
    }
    if (this.sink !== null) message['credit'] = this.#link.settings.credit
    return message
  }

  #sent(): void {
    if (this.#phase === 'settled') return
    this.#phase = 'sent'
    this.#withdraw = null
    const { upload } = this.#question
    if (upload === null) return
    this.#source = new ItemSource(0)
    this.#source
      .run(upload, (item) => this.#uploadItem(item))
      .then((end) => {
        if (end === null) return
        this.#source = null
        void this.#link.outbox.post({ type: '.end', id: this.id })
      })
      .catch((error: unknown) => this.cancel(error))
  }

  async #uploadItem(item: unknown): Promise<void> {
    const { outbox, port } = this.#link
    const { type, entry } = this.#question
    const validated = await outbox.validate(entry?.upload ?? null, item)
    if (validated.issues !== null) throw new InvalidMessageError(type, validated.issues)
    if (this.#phase !== 'settled') await port.send(outbox.encodeItem(this.id, validated.value))
  }

  /**
   * The answer is a failure. A side that validates takes no failure that the contract does not
   * declare, and no data but of one that it declares.
   */
  #refused(message: Envelope): void {
    const { code = 'FAILED', data } = message
    const { settings } = this.#link
    const errors = settings.validatesIncoming ? this.#question.entry?.errors : undefined
    const check = errors?.get(code) ?? null
    const isUnknown = errors !== undefined && !errors.has(code) && !isBuiltin(code)
    // `DISCONNECTED` is a failure of this side, and never travels.
    const failure = isUnknown || code === 'DISCONNECTED' ? 'FAILED' : code
    const known = errors === undefined || check !== null ? data : undefined
    this.#validated(check, known, (value) => {
      const facts = { data: value, issues: issuesOf(message) }
      this.fail(new RequestFailedError(this.#question.type, failure, facts))
    })
  }

  /** Calls `use` with the valid value; if it does not match its schema, the request fails. */
  #validated(check: Check | null, data: unknown, use: (value: unknown) => void): void {
    const finish = (validated: Validated): void => {
      if (validated.issues === null) use(validated.value)
      else this.#invalid(validated)
    }
    const failed = (error: unknown): void => this.#invalid({ error })
    try {
      const isWanted = check !== null && this.#link.settings.validatesIncoming
      const validated = isWanted ? check(data) : { issues: null, value: data }
      if (isPromise(validated)) validated.then(finish, failed)
      else finish(validated)
    } catch (error) {
      failed(error)
    }
  }

  #succeed(value: unknown): void {
    if (!this.#settle(true)) return
    this.sink?.end()
    this.#result.resolve(value)
  }

  #reject(error: unknown): void {
    if (this.sink !== null) {
      this.sink.end(asError(error, 'the request'))
      void handled(this.#result.promise)
    }
    this.#result.reject(error)
  }

  /** Something of the answer does not match its schema. */
  #invalid(outcome: Validated | { readonly error: unknown }): void {
    if (this.#phase === 'settled') return
    const { type } = this.#question
    this.#link.invalid(type, outcome)
    this.cancel(
      'error' in outcome ? outcome.error : new InvalidMessageError(type, outcome.issues ?? []),
    )
  }

  #timeIsUp(timeout: number): void {
    const reason = `no answer in ${timeout} ms, with ${this.#link.unread} messages unread on this side`
    this.cancel(new RequestFailedError(this.#question.type, 'TIMEOUT', { reason }))
  }

  readonly #aborted = (): void => this.cancel(this.#question.signal?.reason)

  /** The first outcome counts. @returns whether this is it. */
  #settle(releases: boolean): boolean {
    const phase = this.#phase
    if (phase === 'settled') return false
    this.#phase = 'settled'
    this.#timer?.[Symbol.dispose]()
    const { signal } = this.#question
    if (signal !== null) removeAbortListener(signal, this.#aborted)
    this.#source?.stop()
    if (releases) this.#asks.release(this, phase !== 'waiting')
    return true
  }
}

/** What a request fails with when its session is over. */
export function disconnected(type: string, cause: Error | null): RequestFailedError {
  return new RequestFailedError(type, 'DISCONNECTED', cause === null ? {} : { cause })
}
