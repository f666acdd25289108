/**
 * One request of this side: from the call to its one outcome.
 */

import {
  addAbortListener,
  asError,
  Deferred,
  handled,
  removeAbortListener,
  type ReportedRequest,
} from '../../base/internal.ts'
import { SENT } from '../../channels/internal.ts'
import type { CompiledEntry } from '../contract.ts'
import { InvalidMessageError, RequestFailedError } from '../errors.ts'
import { type Envelope, issuesOf } from './envelope.ts'
import type { CreateSink, ItemSink } from './item-sink.ts'
import type { Withdraw } from './order.ts'
import type { Invalid, LinkParts } from './parts.ts'
import type { StartUpload } from './upload.ts'

/** One call of `request` or `stream`. */
export interface Question {
  readonly type: string
  /** `null`: its schemas are not known here. */
  readonly entry: CompiledEntry | null
  readonly data: unknown
  /** Sends the items of this side; `null`: there are none. */
  readonly startUpload: StartUpload | null
  /** Makes what receives the items of the answer; `null`: it is no stream. */
  readonly createSink: CreateSink | null
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
  /** `null`: it is not observed. */
  #watch: ReportedRequest | null | undefined
  #onAbort: (() => void) | null = null
  #upload: ReturnType<StartUpload> | null = null
  #withdraw: Withdraw | null = null
  #phase: 'waiting' | 'started' | 'sent' | 'settled' = 'waiting'

  constructor(link: LinkParts, asks: AsksOfOneSide, question: Question) {
    const { type, createSink, timeout, entry } = question
    const { settings, port, outbox } = link
    this.#link = link
    this.#asks = asks
    this.#question = question
    this.#deadline = timeout === null ? null : port.clock.now() + timeout
    const check = settings.validatesIncoming ? (entry?.stream ?? null) : null
    this.sink =
      createSink?.(settings.credit, check, {
        grant: (items) => void outbox.post({ type: '.credit', id: this.id, items }),
        left: () => this.cancel(new RequestFailedError(type, 'CANCELLED')),
        invalid: this.#whenInvalid,
      }) ?? null
  }

  get type(): string {
    return this.#question.type
  }

  get entry(): CompiledEntry | null {
    return this.#question.entry
  }

  /** Whether it has its outcome. */
  get isSettled(): boolean {
    return this.#phase === 'settled'
  }

  /** Settles once. A stream that fails tells its reader first: the promise is then handled. */
  get result(): Promise<unknown> {
    return this.#result.promise
  }

  /** Whether items of the answer may be bytes. */
  get takesBytes(): boolean {
    return this.entry?.isBytes.stream ?? true
  }

  /** Its time begins. */
  begin(): void {
    const { type, timeout, signal, entry } = this.#question
    const { requests, owner, clock } = this.#link.port
    this.#watch = requests?.asked(type, owner, entry)
    if (timeout !== null) {
      this.#timer = clock.setTimer(timeout, () => this.#timeIsUp(timeout))
    }
    if (signal !== null) {
      this.#onAbort = () => this.cancel(signal.reason)
      addAbortListener(signal, this.#onAbort)
    }
  }

  /** There is room for it among those that are under way. */
  start(): void {
    this.#phase = 'started'
    const { type, entry, data } = this.#question
    const { order } = this.#link
    const check = entry === null ? null : entry.data
    if (order === null || order.passes(check)) {
      this.#transmit(data)
      return
    }
    const transmit = (valid: unknown): Promise<void> => {
      this.#transmit(valid)
      return SENT
    }
    const started = order.inOrder(type, check, data, transmit, (withdraw) => {
      this.#withdraw = withdraw
    })
    if (started !== SENT) started.catch((error: unknown) => this.fail(error))
  }

  /** A message of the peer that belongs to it. @returns `false` for what cannot be so. */
  take(message: Envelope): boolean {
    const { type, data, items = 0 } = message
    if (type === '.item') return this.sink?.receive(data) ?? false
    if (type === '.credit') {
      if (this.#question.startUpload === null) return false
      this.#upload?.grant(items)
    } else if (type === '.error') {
      this.#refused(message)
    } else {
      if (type !== (this.sink === null ? '.response' : '.end')) return false
      const { checks } = this.#link
      const check = this.entry?.response ?? null
      if (checks === null || check === null) this.#succeed(data)
      else checks.answered(check, data, (value) => this.#succeed(value), this.#whenInvalid)
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

  #transmit(valid: unknown): void {
    if (this.#phase === 'settled') return
    const { port, outbox } = this.#link
    const { type } = this.#question
    this.id = this.#asks.nextId(this)
    let wire
    try {
      wire = outbox.encode(this.#message(valid))
    } catch (cause) {
      const reason = 'its data has no form in the codec'
      this.fail(new RequestFailedError(type, 'FAILED', { cause, reason }))
      return
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
  }

  #message(data: unknown): object {
    const message: Record<string, unknown> = { type: this.#question.type, id: this.id }
    if (data !== undefined) message['data'] = data
    if (this.#deadline !== null) {
      const left = this.#deadline - this.#link.port.clock.now()
      message['timeout'] = Math.max(1, Math.ceil(left))
    }
    if (this.sink !== null) message['credit'] = this.#link.settings.credit
    const trace = this.#watch?.trace
    if (typeof trace === 'string') message['trace'] = trace
    return message
  }

  #sent(): void {
    if (this.#phase === 'settled') return
    this.#phase = 'sent'
    this.#withdraw = null
    this.#upload = this.#question.startUpload?.(this.#link, this) ?? null
  }

  /** The answer is a failure. */
  #refused(message: Envelope): void {
    const { code = 'FAILED', data } = message
    const { type, entry } = this.#question
    const { checks } = this.#link
    const known = checks === null ? { code, data } : checks.failureOf(entry, code, data)
    // `DISCONNECTED` is a failure of this side, and never travels.
    const failure = known.code === 'DISCONNECTED' ? 'FAILED' : known.code
    const fail = (value: unknown): void => {
      const facts = { data: value, issues: issuesOf(message) }
      this.fail(new RequestFailedError(type, failure, facts))
    }
    if ('check' in known && checks !== null) {
      checks.answered(known.check, known.data, fail, this.#whenInvalid)
    } else fail(known.data)
  }

  #succeed(value: unknown): void {
    if (!this.#settle(true)) return
    this.#watch?.ended(null)
    this.sink?.end()
    this.#result.resolve(value)
  }

  #reject(error: unknown): void {
    this.#watch?.ended(error)
    if (this.sink !== null) {
      this.sink.end(asError(error, 'the request'))
      void handled(this.#result.promise)
    }
    this.#result.reject(error)
  }

  /** Something of the answer does not match its schema. */
  // Made when they are first needed: most requests have neither schemas nor a signal.

  get #whenInvalid(): (outcome: Invalid) => void {
    return (outcome) => this.#invalid(outcome)
  }

  #invalid(outcome: Invalid): void {
    if (this.#phase === 'settled') return
    const { type } = this.#question
    this.#link.checks?.invalid(type, outcome)
    this.cancel(
      'error' in outcome ? outcome.error : new InvalidMessageError(type, outcome.issues ?? []),
    )
  }

  #timeIsUp(timeout: number): void {
    const reason = `no answer in ${timeout} ms, with ${this.#link.unread} messages unread on this side`
    this.cancel(new RequestFailedError(this.#question.type, 'TIMEOUT', { reason }))
  }

  /** The first outcome counts. @returns whether this is it. */
  #settle(releases: boolean): boolean {
    const phase = this.#phase
    if (phase === 'settled') return false
    this.#phase = 'settled'
    this.#timer?.[Symbol.dispose]()
    const { signal } = this.#question
    if (signal !== null && this.#onAbort !== null) removeAbortListener(signal, this.#onAbort)
    this.#upload?.stop()
    if (releases) this.#asks.release(this, phase !== 'waiting')
    return true
  }
}

/** What a request fails with when its session is over. */
function disconnected(type: string, cause: Error | null): RequestFailedError {
  return new RequestFailedError(type, 'DISCONNECTED', cause === null ? {} : { cause })
}
