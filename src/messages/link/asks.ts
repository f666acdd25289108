/**
 * The requests of this side: from the call to the one outcome of each.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'
import { InvalidMessageError, RequestFailedError } from '../errors.ts'
import type { CompiledEntry } from '../contract.ts'
import { isPromise, type Issue, type Validated, validateWith } from '../../schema/index.ts'
import { ItemSink } from './item-sink.ts'
import { type Items, ItemSource } from './item-source.ts'
import { ignore, type Outbox, type Withdraw } from './outbox.ts'
import type { LinkPort, LinkSettings } from './port.ts'

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

/** What the requests ask of their link. */
export interface AsksOwner {
  /** Messages that have arrived and wait for the application: for the message of a timeout. */
  readonly unread: number
  /** A request is under way: what is held back may hold its answer. */
  asked(): void
  /** A message of the peer does not match its schema; or the schema has thrown. */
  invalid(type: string, outcome: Validated | { readonly error: unknown }): void
}

/** All requests of this side. */
export class Asks {
  readonly port: LinkPort
  readonly settings: LinkSettings
  readonly outbox: Outbox
  readonly owner: AsksOwner
  /** By id, from when it is sent until it is settled. */
  readonly #pending = new Map<number, Ask>()
  /** Past `maxRequests`, in the order of the calls. */
  readonly #waiting = new Set<Ask>()
  #underWay = 0
  #lastId: number
  #end: { readonly cause: Error | null } | null = null

  constructor(port: LinkPort, settings: LinkSettings, outbox: Outbox, owner: AsksOwner) {
    this.port = port
    this.settings = settings
    this.outbox = outbox
    this.owner = owner
    this.#lastId = settings.side === 'client' ? -1 : 0
  }

  /** Whether answers are awaited. */
  get areAwaited(): boolean {
    return this.#underWay > 0
  }

  /** Asks. The outcome is that of `ask.result`. */
  ask(question: Question): Ask {
    const ask = new Ask(this, question)
    if (this.#end !== null) ask.fail(disconnected(question.type, this.#end.cause))
    else if (question.signal?.aborted === true) ask.fail(question.signal.reason)
    else {
      ask.begin()
      this.#waiting.add(ask)
      this.#startNext()
    }
    return ask
  }

  /**
   * The request that has this id.
   *
   * @returns `null` if it is settled; `undefined` if there was never one.
   */
  find(id: number): Ask | null | undefined {
    const ask = this.#pending.get(id)
    if (ask !== undefined) return ask
    return id <= this.#lastId ? null : undefined
  }

  /** An id of its own: odd for a client, even for a server, growing. */
  nextId(ask: Ask): number {
    this.#lastId += 2
    this.#pending.set(this.#lastId, ask)
    return this.#lastId
  }

  /** `ask` is settled: it counts no more. */
  release(ask: Ask, wasStarted: boolean): void {
    this.#pending.delete(ask.id)
    this.#waiting.delete(ask)
    if (!wasStarted) return
    this.#underWay--
    this.#startNext()
  }

  /** No answer will come any more. */
  end(cause: Error | null): void {
    if (this.#end !== null) return
    this.#end = { cause }
    for (const ask of [...this.#waiting, ...this.#pending.values()]) ask.disconnected(cause)
  }

  #startNext(): void {
    for (const ask of this.#waiting) {
      if (this.#underWay >= this.settings.maxRequests) return
      this.#waiting.delete(ask)
      this.#underWay++
      ask.start()
    }
  }
}

/** One request, and its answer. */
export class Ask {
  /** 0 until it is sent. */
  id = 0
  readonly type: string
  /** The items of the answer; `null`: it is no stream. */
  readonly sink: ItemSink | null
  readonly #asks: Asks
  readonly #question: Question
  readonly #result = new Deferred<unknown>()
  readonly #deadline: number | null
  #timer: Disposable | null = null
  #source: ItemSource | null = null
  #withdraw: Withdraw | null = null
  #phase: 'waiting' | 'started' | 'sent' | 'settled' = 'waiting'

  constructor(asks: Asks, question: Question) {
    const { type, isStream, timeout, entry } = question
    const { settings, port } = asks
    this.type = type
    this.#asks = asks
    this.#question = question
    this.#deadline = timeout === null ? null : port.clock.now() + timeout
    this.sink = isStream
      ? new ItemSink(settings.credit, settings.validatesIncoming ? (entry?.stream ?? null) : null, {
          grant: (items) => void asks.outbox.post({ type: '.credit', id: this.id, items }),
          left: () => this.cancel(new RequestFailedError(type, 'CANCELLED')),
          invalid: (outcome) => this.#invalid(outcome),
        })
      : null
  }

  /** Settles once. A stream that fails tells its reader first: the promise is then handled. */
  get result(): Promise<unknown> {
    return this.#result.promise
  }

  /** Its time begins. */
  begin(): void {
    const { timeout, signal } = this.#question
    if (timeout !== null) {
      this.#timer = this.#asks.port.clock.setTimer(timeout, () => this.#timeIsUp(timeout))
    }
    if (signal !== null) addAbortListener(signal, this.#aborted)
  }

  /** There is room for it among those that are under way. */
  start(): void {
    this.#phase = 'started'
    const { type, entry, data } = this.#question
    this.#asks.outbox
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

  /** The peer takes so many items of the upload more. @returns `false` if there is no upload. */
  grant(items: number): boolean {
    if (this.#question.upload === null) return false
    this.#source?.grant(items)
    return true
  }

  /** The answer, or the value at the end of a stream. */
  answered(data: unknown): void {
    const { entry } = this.#question
    const schema = this.#asks.settings.validatesIncoming ? (entry?.response ?? null) : null
    if (schema === null) {
      this.#succeed(data)
      return
    }
    try {
      const validated = validateWith(schema, data)
      if (!isPromise(validated)) this.#finish(validated)
      else {
        validated.then(
          (settled) => this.#finish(settled),
          (error: unknown) => this.#invalid({ error }),
        )
      }
    } catch (error) {
      this.#invalid({ error })
    }
  }

  /** The answer is a failure. */
  refused(failure: string, data: unknown, issues: readonly Issue[] | undefined): void {
    this.fail(new RequestFailedError(this.type, failure, { data, issues }))
  }

  /** The request fails with `error`; the peer knows, or has not been asked. */
  fail(error: unknown): void {
    if (!this.#settle()) return
    this.sink?.end(asError(error))
    if (this.sink !== null) this.#result.promise.catch(ignore)
    this.#result.reject(error)
  }

  /** The session is over. What was received before is still delivered. */
  disconnected(cause: Error | null): void {
    // The end of a session is no news to a caller who does not listen.
    this.#result.promise.catch(ignore)
    this.fail(disconnected(this.type, cause))
  }

  /** The request is given up: it fails with `error`, and the peer is told. */
  cancel(error: unknown): void {
    if (this.#phase === 'settled') return
    const { outbox } = this.#asks
    const { id } = this
    // It counts as under way until the peer has been told: what waits for room is bounded so.
    const told = this.#phase === 'sent' ? outbox.post({ type: '.cancel', id }) : null
    this.#withdraw?.()
    const asks = this.#asks
    if (this.#settle(told === null)) {
      void told?.then(() => asks.release(this, true))
      this.sink?.end(asError(error))
      if (this.sink !== null) this.#result.promise.catch(ignore)
      this.#result.reject(error)
    }
  }

  #transmit(valid: unknown): Promise<void> {
    if (this.#phase === 'settled') return Promise.resolve()
    const { port, outbox, settings, owner } = this.#asks
    this.id = this.#asks.nextId(this)
    const message: Record<string, unknown> = { type: this.type, id: this.id }
    if (valid !== undefined) message['data'] = valid
    if (this.#deadline !== null) {
      message['timeout'] = Math.max(1, Math.ceil(this.#deadline - port.clock.now()))
    }
    if (this.sink !== null) message['credit'] = settings.credit
    let wire
    try {
      wire = outbox.encode(message)
    } catch (cause) {
      const reason = 'its data has no form in the codec'
      this.fail(new RequestFailedError(this.type, 'FAILED', { cause, reason }))
      return Promise.resolve()
    }
    owner.asked()
    const outcome = port.trySend(wire)
    if (outcome === 'sent') this.#sent()
    else if (outcome === 'closed') this.disconnected(null)
    else {
      const controller = new AbortController()
      this.#withdraw = () => controller.abort()
      port.send(wire, controller.signal).then(
        () => this.#sent(),
        (error: unknown) => this.disconnected(asError(error)),
      )
    }
    return Promise.resolve()
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
        void this.#asks.outbox.post({ type: '.end', id: this.id })
      })
      .catch((error: unknown) => this.cancel(error))
  }

  async #uploadItem(item: unknown): Promise<void> {
    const { outbox, port } = this.#asks
    const validated = await outbox.validate(this.#question.entry?.upload ?? null, item)
    if (validated.issues !== null) throw new InvalidMessageError(this.type, validated.issues)
    if (this.#phase !== 'settled') await port.send(outbox.encodeItem(this.id, validated.value))
  }

  #finish(validated: Validated): void {
    if (validated.issues === null) this.#succeed(validated.value)
    else this.#invalid(validated)
  }

  #succeed(value: unknown): void {
    if (!this.#settle()) return
    this.sink?.end()
    this.#result.resolve(value)
  }

  /** Something of the answer does not match its schema. */
  #invalid(outcome: Validated | { readonly error: unknown }): void {
    if (this.#phase === 'settled') return
    this.#asks.owner.invalid(this.type, outcome)
    const issues = 'issues' in outcome ? outcome.issues : null
    this.cancel(
      issues === null && 'error' in outcome
        ? outcome.error
        : new InvalidMessageError(this.type, issues ?? []),
    )
  }

  #timeIsUp(timeout: number): void {
    const { unread } = this.#asks.owner
    const reason = `no answer in ${timeout} ms, with ${unread} messages unread on this side`
    this.cancel(new RequestFailedError(this.type, 'TIMEOUT', { reason }))
  }

  readonly #aborted = (): void => this.cancel(this.#question.signal?.reason)

  /** The first outcome counts. @returns whether this is it. */
  #settle(releases = true): boolean {
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

function disconnected(type: string, cause: Error | null): RequestFailedError {
  return new RequestFailedError(type, 'DISCONNECTED', cause === null ? {} : { cause })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Cannot go on', { cause: error })
}
