/**
 * One request of the peer: from its arrival to its one answer.
 *
 * Most handlers answer at once, and look neither at the signal nor at the upload. Nothing is made
 * for those that do not.
 */

import type { ReportedRequest } from '../../base/internal.ts'
import { SENT } from '../../channels/internal.ts'
import { type Check, isPromise, type Issue, type Validated } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import { describeFirst } from '../errors.ts'
import type { Envelope } from './envelope.ts'
import { ItemSink } from './item-sink.ts'
import { encodeItem, type Items, ItemSource } from './item-source.ts'
import { ignore } from './outbox.ts'
import type { LinkParts } from './parts.ts'

/** The most that timers take, in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1

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

/** The requests of a peer, as one request sees them. */
export interface AnswersOfOneSide {
  readonly link: LinkParts
  refuse(id: number, code: string, issues?: readonly Issue[]): void
  closed(id: number): void
  released(): void
}

/** An answer on its way out. */
interface Answer {
  readonly type: '.response' | '.end' | '.error'
  readonly id: number
  readonly code?: string
  data?: unknown
}

/** One request of the peer, as `incoming` shows it. */
export class Served {
  readonly type: string
  data: unknown
  /** `null` or `undefined`: it is not observed. */
  readonly watch: ReportedRequest | null | undefined
  readonly #answers: AnswersOfOneSide
  readonly #id: number
  readonly #entry: CompiledEntry | null
  /** What the peer takes of a stream; `null`: it has asked for none. */
  #credit: number | null
  readonly #deadline: number | null
  #state: 'open' | 'answered' | 'cancelled' = 'open'
  #isReleased = false
  #controller: AbortController | null = null
  #timer: Disposable | null = null
  #source: ItemSource | null = null
  #sink: ItemSink | null = null

  constructor(
    answers: AnswersOfOneSide,
    id: number,
    entry: CompiledEntry | null,
    { type, data, timeout, credit, trace }: Envelope,
  ) {
    const { requests, owner } = answers.link.port
    this.watch = requests?.served(type, trace, owner, entry)
    this.type = type
    this.data = data
    this.#answers = answers
    this.#id = id
    this.#entry = entry
    this.#credit = credit ?? null
    this.#deadline = timeout === undefined ? null : answers.link.port.clock.now() + timeout
  }

  /** See `Asked.signal`. Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.#state === 'cancelled') controller.abort(cancelled('it was cancelled'))
      else if (this.isOpen && this.#deadline !== null) {
        const { clock } = this.#answers.link.port
        const left = Math.min(Math.max(0, this.#deadline - clock.now()), MAX_TIMEOUT)
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

  /** Whether an answer is still wanted. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether items of the upload may be bytes. */
  get takesBytes(): boolean {
    return this.#entry?.isBytes.upload ?? true
  }

  // The three are made when they are first touched: most handlers take none of them.

  /** See `IncomingRequest.respond`. */
  get respond(): (response: unknown) => Promise<void> {
    return (response) => this.answer(response)
  }

  /** See `IncomingRequest.fail`. */
  get fail(): (failure: string, data?: unknown) => Promise<void> {
    return (failure, data) => this.failed(this.error(failure, data))
  }

  /** See `Asked.error`. */
  get error(): (failure: string, data?: unknown) => Error {
    return (failure, data) => new DeclaredFailure(this.type, failure, data)
  }

  /** A message of the peer that belongs to it. @returns `false` for what cannot be so. */
  take({ type, data, items = 0 }: Envelope): boolean {
    if (type === '.cancel') this.cancel('it was cancelled')
    else if (type === '.item') return this.#sink?.receive(data) ?? false
    else if (type === '.end') this.upload?.end()
    else return type === '.credit' && this.#grant(items)
    return true
  }

  /**
   * Answers, with the value or the items. Resolves when the answer is in the queue of the session,
   * or is not wanted any more; never rejects.
   *
   * @returns `SENT` if that is so already.
   */
  answer(response: unknown): Promise<void> {
    try {
      // By its type, the response of a stream is its items.
      if (this.#isStream) {
        // A page has no entries: the peer alone has said that this is a stream.
        const isOne = !(
          response instanceof Object &&
          (Symbol.asyncIterator in response || Symbol.iterator in response)
        )
        if (isOne && this.#entry === null) return this.#error('INVALID')
        return this.#stream(response as Items).catch((error: unknown) => this.failed(error))
      }
      return this.isOpen ? this.#conclude('.response', response) : this.release()
    } catch (error) {
      return this.failed(error)
    }
  }

  /** The handler has failed. Answers as `error` says, and settles as `answer`. */
  failed(error: unknown): Promise<void> {
    if (!this.isOpen) return this.release()
    const signal = this.#controller?.signal
    if (signal?.aborted === true && error === signal.reason) return this.#error('TIMEOUT')
    try {
      if (!(error instanceof DeclaredFailure)) return this.#broken(error)
      const { failure: code, data } = error
      const answer: Answer = { type: '.error', id: this.#id, code }
      return this.#send(answer, this.#declared(code), data)
    } catch (mistake) {
      return this.#broken(mistake)
    }
  }

  /** The request is not wanted any more. */
  cancel(why: string): void {
    if (!this.isOpen) return
    this.#state = 'cancelled'
    this.#controller?.abort(cancelled(why))
    this.#over(why)
    this.watch?.ended('CANCELLED')
  }

  /** It never reaches a handler. */
  refuse(code: string, issues?: readonly Issue[]): void {
    if (this.isOpen) {
      this.#state = 'answered'
      this.#answers.refuse(this.#id, code, issues)
      this.#over('it was refused')
      this.watch?.ended(code)
    }
    void this.release()
  }

  /** No handler is at work for it any more. */
  release(): Promise<void> {
    if (!this.#isReleased) {
      this.#isReleased = true
      this.#answers.released()
    }
    return SENT
  }

  get #firstCredit(): number {
    return this.#credit ?? this.#answers.link.settings.credit
  }

  get #isStream(): boolean {
    return this.#entry === null ? this.#credit !== null : this.#entry.stream !== null
  }

  #conclude(type: '.response' | '.end', value: unknown): Promise<void> {
    return this.#send({ type, id: this.#id }, this.#entry?.response ?? null, value)
  }

  /** @throws what the schema throws, and as `#post`. */
  #send(answer: Answer, check: Check | null, value: unknown): Promise<void> {
    const validated = validate(this.#answers.link, check, value)
    if (!isPromise(validated)) return this.#sendValid(answer, validated)
    return validated
      .then((settled) => this.#sendValid(answer, settled))
      .catch((error: unknown) => this.#broken(error))
  }

  #sendValid(answer: Answer, validated: Validated): Promise<void> {
    const { value } = this.#valid(validated, answer.code ?? 'its value')
    if (value !== undefined) answer.data = value
    return this.#post(answer)
  }

  /** This side has made a mistake: it is reported here, and the peer gets no detail. */
  #broken(error: unknown): Promise<void> {
    if (!this.isOpen) return this.release()
    this.#answers.link.port.report(error, this.type)
    return this.#error('FAILED')
  }

  #error(code: string): Promise<void> {
    return this.#post({ type: '.error', id: this.#id, code })
  }

  /** @throws as `Outbox.encode`; the request is then still open. */
  #post(answer: Answer): Promise<void> {
    if (!this.isOpen) return this.release()
    const posted = this.#answers.link.outbox.post(answer)
    this.#state = 'answered'
    this.#over()
    this.watch?.ended(answer.code ?? null)
    // It counts until it is in the queue of the session: what waits for room is bounded so.
    return posted === SENT ? this.release() : posted.then(() => this.release())
  }

  /** Nothing more is taken or sent. @param why it is, unless it has been answered. */
  #over(why?: string): void {
    this.#timer?.[Symbol.dispose]()
    this.#answers.closed(this.#id)
    this.#source?.stop()
    this.#sink?.end(why === undefined ? null : cancelled(why))
  }

  async #stream(items: Items): Promise<void> {
    // Stopped before it has begun, it still lets the iterator go.
    const source = new ItemSource(this.#firstCredit)
    this.#source = source
    if (!this.isOpen) source.stop()
    else if (this.#deadline !== null) {
      // A stream ends with its time also where no handler looks at the signal.
      this.signal.addEventListener('abort', () => source.stop(), { once: true })
      if (this.signal.aborted) source.stop()
    }
    const end = await source.run(items, (item) => this.#item(item))
    if (end === null) await this.failed(this.#controller?.signal.reason)
    else if (this.isOpen) await this.#conclude('.end', end.value)
    else await this.release()
  }

  async #item(item: unknown): Promise<void> {
    const { link } = this.#answers
    const validation = validate(link, this.#entry?.stream ?? null, item)
    const { value } = this.#valid(isPromise(validation) ? await validation : validation, 'an item')
    if (!this.isOpen) return
    const wire = encodeItem(link.settings.codec, this.#id, value)
    // Its session is over if that fails, which the source learns of by itself.
    if (link.port.trySend(wire) === 'full') await link.port.send(wire).catch(ignore)
  }

  /** The peer takes so many items of the stream more. @returns `false` if this is no stream. */
  #grant(items: number): boolean {
    if (!this.#isStream) return false
    // The handler has not returned its items yet.
    if (this.#source === null) this.#credit = this.#firstCredit + items
    else this.#source.grant(items)
    return true
  }

  #createSink(): ItemSink {
    const { settings, outbox } = this.#answers.link
    const check = settings.validatesIncoming ? (this.#entry?.upload ?? null) : null
    const grant = (items: number): void =>
      void outbox.post({ type: '.credit', id: this.#id, items })
    const sink = new ItemSink(settings.credit, check, {
      grant,
      left: ignore,
      invalid: (outcome) => {
        if ('error' in outcome) void this.failed(outcome.error)
        else if (outcome.issues !== null) this.#invalidUpload(outcome.issues)
      },
    })
    if (this.isOpen) grant(settings.credit)
    else sink.end(cancelled('it is over'))
    return sink
  }

  #invalidUpload(issues: readonly Issue[]): void {
    if (!this.isOpen) return
    this.#answers.link.checks?.invalid(this.type, { issues })
    this.#answers.refuse(this.#id, 'INVALID', issues)
    this.cancel('an item of its upload is invalid')
  }

  #declared(failure: string): Check | null {
    if (this.#entry === null) return null
    const check = this.#entry.errors.get(failure)
    if (check !== undefined) return check
    throw new TypeError(
      `Cannot fail with "${failure}": the contract does not declare it for "${this.type}"`,
    )
  }

  /** @param what it is, for the message. @throws {TypeError} if it does not match its schema. */
  #valid(validated: Validated, what: string): { readonly value: unknown } {
    if (validated.issues === null) return validated
    const where = describeFirst(validated.issues)
    throw new TypeError(`Cannot answer "${this.type}": ${what} does not match its schema${where}`)
  }
}

/** Validates what is sent, if this side does. */
function validate(
  { order }: LinkParts,
  check: Check | null,
  value: unknown,
): Validated | Promise<Validated> {
  return order === null ? { issues: null, value } : order.validate(check, value)
}

function cancelled(why: string): DOMException {
  return new DOMException(`The request is over: ${why}`, 'AbortError')
}

function timeIsUp(): DOMException {
  return new DOMException('The time of the request is up', 'TimeoutError')
}
