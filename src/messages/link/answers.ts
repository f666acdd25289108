/**
 * The requests of the peer: from their arrival to the one answer of each.
 */

import { isPromise, type Issue, validateWith } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import { ItemSink } from './item-sink.ts'
import { type Items, ItemSource } from './item-source.ts'
import { ignore, type Outbox } from './outbox.ts'
import type { LinkPort, LinkSettings } from './port.ts'

/** What requests of the peer ask of their link. */
export interface AnswersOwner {
  /** Something that the peer sent for its request `type` does not match its schema. */
  invalid(type: string, outcome: { readonly issues: readonly Issue[] }): void
}

/** A failure that a handler has made by `asked.error`. */
export class DeclaredFailure extends Error {
  override readonly name = 'DeclaredFailure'
  readonly failure: string
  readonly data: unknown

  constructor(type: string, failure: string, data: unknown) {
    super(`Cannot answer "${type}" with a value: ${failure}`)
    this.failure = failure
    this.data = data
  }
}

/** All requests of the peer that have no answer yet. */
export class Answers {
  readonly port: LinkPort
  readonly settings: LinkSettings
  readonly outbox: Outbox
  readonly owner: AnswersOwner
  readonly #open = new Map<number, Served>()
  /** Requests whose handlers are at work, those that have been cancelled included. */
  #underWay = 0
  #lastId: number

  constructor(port: LinkPort, settings: LinkSettings, outbox: Outbox, owner: AnswersOwner) {
    this.port = port
    this.settings = settings
    this.outbox = outbox
    this.owner = owner
    this.#lastId = settings.side === 'client' ? 0 : -1
  }

  /** Whether the peer may send what open requests wait for. */
  get areOpen(): boolean {
    return this.#underWay > 0
  }

  /**
   * Whether `id` is a new one of the peer: of its parity, and greater than all before. It is then
   * used.
   */
  take(id: number): boolean {
    if (id <= this.#lastId || (id - this.#lastId) % 2 !== 0) return false
    this.#lastId = id
    return true
  }

  /**
   * The request that has this id.
   *
   * @returns `null` if it has been answered; `undefined` if there was never one.
   */
  find(id: number): Served | null | undefined {
    const served = this.#open.get(id)
    if (served !== undefined) return served
    return id <= this.#lastId ? null : undefined
  }

  /**
   * A request begins. @returns `null` if there are too many: it has then been answered with `BUSY`.
   */
  begin(
    id: number,
    entry: CompiledEntry | null,
    type: string,
    { timeout, credit }: { readonly timeout: number | null; readonly credit: number | null },
  ): Served | null {
    if (this.#underWay >= this.settings.maxRequests) {
      this.refuse(id, 'BUSY')
      return null
    }
    this.#underWay++
    const served = new Served(this, id, entry, type, timeout, credit)
    this.#open.set(id, served)
    return served
  }

  /** Answers with a built-in failure. */
  refuse(id: number, code: string, issues?: readonly Issue[]): void {
    const message = { type: '.error', id, code }
    void this.outbox.post(issues === undefined ? message : { ...message, issues })
  }

  /** Nothing more is taken for the request, and nothing sent. */
  closed(id: number): void {
    this.#open.delete(id)
  }

  /** The handler of a request is done, and its answer is in the queue of the session. */
  released(): void {
    this.#underWay--
  }

  /** The session is over. */
  end(): void {
    for (const served of this.#open.values()) served.cancel('the session is over')
  }
}

/** One request of the peer, as `incoming` shows it. */
export class Served {
  readonly type: string
  data: unknown = undefined
  readonly #answers: Answers
  readonly #id: number
  readonly #entry: CompiledEntry | null
  /** What the peer takes of a stream at first; `null`: it has asked for none. */
  readonly #credit: number | null
  readonly #deadline: number | null
  #state: 'open' | 'answered' | 'cancelled' = 'open'
  #isReleased = false
  #granted = 0
  #controller: AbortController | null = null
  #timer: Disposable | null = null
  #source: ItemSource | null = null
  #sink: ItemSink | null = null

  constructor(
    answers: Answers,
    id: number,
    entry: CompiledEntry | null,
    type: string,
    timeout: number | null,
    credit: number | null,
  ) {
    this.type = type
    this.#answers = answers
    this.#id = id
    this.#entry = entry
    this.#credit = credit
    this.#deadline = timeout === null ? null : answers.port.clock.now() + timeout
  }

  /** See `Asked.signal`. Made when it is first asked for: most handlers need none. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.#state === 'cancelled') controller.abort(cancelled('it was cancelled'))
      else if (this.#state === 'open' && this.#deadline !== null) {
        const { clock } = this.#answers.port
        const left = Math.max(0, this.#deadline - clock.now())
        this.#timer = clock.setTimer(left, () => controller.abort(timeIsUp()))
      }
    }
    return this.#controller.signal
  }

  /** See `Asked.upload`. The peer gets its credit when this is first asked for. */
  get upload(): ItemSink | undefined {
    if (this.#entry !== null && this.#entry.upload === null) return undefined
    this.#sink ??= this.#createSink()
    return this.#sink
  }

  /** An item of the upload. @returns `false` if the peer had no credit for it. */
  receive(item: unknown): boolean {
    return this.#sink?.receive(item) ?? false
  }

  /** The upload is over. */
  endUpload(): void {
    if (this.#entry !== null && this.#entry.upload === null) return
    this.#sink ??= this.#createSink()
    this.#sink.end()
  }

  /** Whether an answer is still wanted. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  // The three are made when they are first touched: most handlers take none of them.

  /** See `IncomingRequest.respond`. */
  get respond(): (response: unknown) => Promise<void> {
    return (response) => this.answer(response)
  }

  /** See `IncomingRequest.fail`. */
  get fail(): (failure: string, data?: unknown) => Promise<void> {
    return (failure, data) =>
      this.failed(new DeclaredFailure(this.type, failure, data)).finally(() => this.release())
  }

  /** See `Asked.error`. */
  get error(): (failure: string, data?: unknown) => Error {
    return (failure, data) => new DeclaredFailure(this.type, failure, data)
  }

  /** Answers, with the value or the items. Never rejects. */
  async answer(response: unknown): Promise<void> {
    try {
      // By its type, the response of a stream is its items.
      await (this.#isStream ? this.#stream(response as Items) : this.#respond(response))
    } catch (error) {
      await this.failed(error)
    } finally {
      this.release()
    }
  }

  /** The handler has failed. Answers as `error` says. Never rejects. */
  async failed(error: unknown): Promise<void> {
    if (!this.isOpen) return
    const { outbox, port } = this.#answers
    if (this.#controller?.signal.aborted === true && error === this.#controller.signal.reason) {
      await this.#close({ type: '.error', id: this.#id, code: 'TIMEOUT' })
      return
    }
    try {
      if (error instanceof DeclaredFailure) {
        const schema = this.#declared(error.failure)
        const validated = await outbox.validate(schema, error.data)
        if (validated.issues !== null) {
          throw new TypeError(`Cannot fail with ${error.failure}: its data is invalid`)
        }
        const message = { type: '.error', id: this.#id, code: error.failure }
        await this.#close(
          validated.value === undefined ? message : { ...message, data: validated.value },
        )
        return
      }
    } catch (mistake) {
      error = mistake
    }
    if (!this.isOpen) return
    port.report(error, this.type)
    await this.#close({ type: '.error', id: this.#id, code: 'FAILED' })
  }

  /** The peer takes so many items of the stream more. @returns `false` if this is no stream. */
  grant(items: number): boolean {
    if (!this.#isStream) return false
    // Before the handler has returned its items.
    if (this.#source === null) this.#granted += items
    else this.#source.grant(items)
    return true
  }

  get #isStream(): boolean {
    return this.#entry === null ? this.#credit !== null : this.#entry.stream !== null
  }

  /** The request is not wanted any more. */
  cancel(why: string): void {
    if (!this.isOpen) return
    this.#state = 'cancelled'
    this.#controller?.abort(cancelled(why))
    this.#over(cancelled(why))
  }

  /** Its data does not match its schema: it never reaches a handler. */
  refuse(code: string, issues?: readonly Issue[]): void {
    if (this.isOpen) {
      this.#state = 'answered'
      this.#answers.refuse(this.#id, code, issues)
      this.#over(cancelled('it was refused'))
    }
    this.release()
  }

  /** No handler is at work for it any more. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#answers.released()
  }

  async #respond(response: unknown): Promise<void> {
    if (!this.isOpen) return
    const schema = this.#entry?.response ?? null
    const validation = this.#answers.outbox.validate(schema, response)
    const validated = isPromise(validation) ? await validation : validation
    if (validated.issues !== null) throw this.#invalidAnswer(validated.issues)
    await this.#answer('.response', validated.value)
  }

  async #stream(items: Items): Promise<void> {
    // Stopped before it has begun, it still lets the iterator go.
    const source = new ItemSource((this.#credit ?? this.#answers.settings.credit) + this.#granted)
    this.#source = source
    if (!this.isOpen) source.stop()
    else if (this.#deadline !== null) {
      // A stream ends with its time also where no handler looks at the signal.
      this.signal.addEventListener('abort', () => source.stop(), { once: true })
    }
    const end = await source.run(items, (item) => this.#item(item))
    if (end === null) {
      await this.failed(this.#controller?.signal.reason)
      return
    }
    await this.#end(end.value)
  }

  async #end(value: unknown): Promise<void> {
    const validated = await this.#answers.outbox.validate(this.#entry?.response ?? null, value)
    if (validated.issues !== null) throw this.#invalidAnswer(validated.issues)
    await this.#answer('.end', validated.value)
  }

  async #item(item: unknown): Promise<void> {
    const { outbox, port } = this.#answers
    const validation = outbox.validate(this.#entry?.stream ?? null, item)
    const validated = isPromise(validation) ? await validation : validation
    if (validated.issues !== null) throw this.#invalidAnswer(validated.issues)
    if (!this.isOpen) return
    const wire = outbox.encodeItem(this.#id, validated.value)
    // Its session is over if that fails, which the source learns of by itself.
    if (port.trySend(wire) === 'full') await port.send(wire).catch(ignore)
  }

  #answer(type: '.response' | '.end', data: unknown): Promise<void> {
    const message = { type, id: this.#id }
    return this.#close(data === undefined ? message : { ...message, data })
  }

  /** @throws as `Outbox.encode`; the request is then still open. */
  async #close(message: object): Promise<void> {
    if (!this.isOpen) return
    const posted = this.#answers.outbox.post(message)
    this.#state = 'answered'
    this.#over(cancelled('it has been answered'))
    await posted
  }

  #over(reason: DOMException): void {
    this.#timer?.[Symbol.dispose]()
    this.#answers.closed(this.#id)
    this.#source?.stop()
    this.#sink?.end(this.#state === 'answered' ? null : reason)
  }

  #createSink(): ItemSink {
    const { settings, outbox, owner } = this.#answers
    const schema = settings.validatesIncoming ? (this.#entry?.upload ?? null) : null
    const sink = new ItemSink(settings.credit, schema, {
      grant: (items) => void outbox.post({ type: '.credit', id: this.#id, items }),
      left: ignore,
      invalid: (outcome) => {
        if ('issues' in outcome && outcome.issues !== null) {
          owner.invalid(this.type, { issues: outcome.issues })
          this.#invalidUpload(outcome.issues)
        } else if ('error' in outcome) void this.failed(outcome.error)
      },
    })
    if (this.isOpen) void outbox.post({ type: '.credit', id: this.#id, items: settings.credit })
    else sink.end(cancelled('it is over'))
    return sink
  }

  #invalidUpload(issues: readonly Issue[]): void {
    if (!this.isOpen) return
    this.#answers.refuse(this.#id, 'INVALID', issues)
    this.cancel('an item of its upload is invalid')
  }

  #declared(failure: string): CompiledEntry['data'] {
    if (this.#entry === null) return null
    const schema = this.#entry.errors.get(failure)
    if (schema !== undefined) return schema
    throw new TypeError(
      `Cannot fail with "${failure}": the contract does not declare it for "${this.type}"`,
    )
  }

  #invalidAnswer(issues: readonly Issue[]): TypeError {
    const [first] = issues
    const where = first === undefined ? '' : ` at "${first.path.join('.')}": ${first.message}`
    return new TypeError(
      `Cannot answer "${this.type}": the value does not match its schema${where}`,
    )
  }
}

function cancelled(why: string): DOMException {
  return new DOMException(`The request is not wanted any more: ${why}`, 'AbortError')
}

function timeIsUp(): DOMException {
  return new DOMException('The time of the request is up', 'TimeoutError')
}

/** Validates what the peer asks with. A promise only for a schema that validates asynchronously. */
export function validateData(
  entry: CompiledEntry | null,
  data: unknown,
  isWanted: boolean,
): ReturnType<typeof validateWith> {
  const schema = entry?.data ?? null
  return schema === null || !isWanted ? { issues: null, value: data } : validateWith(schema, data)
}
