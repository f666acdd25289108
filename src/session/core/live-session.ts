/**
 * The session that handlers and clients hold. It shows the session core to its user, and runs the
 * handler and the tasks that the user launches.
 *
 * The sessions of servers and of clients extend it; nothing else in the package is extended.
 */

import type { Clock, Duration } from '../../base/index.ts'
import {
  asError,
  Deferred,
  delayOn,
  type Environment,
  handled,
  type HasClock,
  kindOf,
  loopShareOf,
  rejected,
  requireNoBareSeconds,
  TaskScope,
  toMilliseconds,
} from '../../base/internal.ts'
import type { ReceiveChannel } from '../../channels/index.ts'
import type { CloseReason, Frame } from '../../protocol/internal.ts'
import { isEndError } from '../end-error.ts'
import type { CloseInfo } from '../close-info.ts'
import { INTERNAL_ERROR, NORMAL } from '../failure-reason.ts'
import type { DefaultWebSocketSession, OutgoingChannel, WebSocketSession } from '../session.ts'
import type { SessionOwner } from '../session-owner.ts'
import type { SessionObserver, SessionSettings } from '../settings.ts'
import { type SessionStatistics, statisticsOf } from '../statistics.ts'
import type { Transport } from '../transport.ts'
import { homeOf, type SessionKind } from '../writing/session-home.ts'
import { Outgoing, sendOf } from './outgoing.ts'
import { SessionCore } from './session-core.ts'
import { createSessionId } from './session-id.ts'

/** The parts of a session that many sessions never use; `null`: not read yet. */
class Extras {
  id: string | null = null
  hasReportedFailure = false
  outgoing: Outgoing | null = null
  scope: TaskScope | null = null
  reason: Deferred<CloseReason> | null = null
  closed: Deferred<CloseInfo> | null = null
  /** Resolves for `run`. */
  left: Deferred<void> | null = null
  // Functions, which may be taken off the session.
  close: WebSocketSession['close'] | null = null
  flush: WebSocketSession['flush'] | null = null
  terminate: WebSocketSession['terminate'] | null = null
  launch: WebSocketSession['launch'] | null = null
  delay: WebSocketSession['delay'] | null = null
}

/** In the place of a handler's promise: the handler has ended, and the session has not. */
const ENDED: Promise<void> = Promise.resolve()

/**
 * A session of either level. Functions and promises are made when they are first read.
 *
 * Classes whose objects each idle session keeps have `private` methods, and not `#` methods: those
 * cost a field of each object.
 */
export class LiveSession implements DefaultWebSocketSession, SessionOwner, HasClock {
  /** For the code that opened the session: it starts, measures and ends the session with it. */
  readonly core: SessionCore
  /** In whole milliseconds: another number would cost an object. */
  readonly #openedAt: number
  #send: WebSocketSession['send'] | null = null
  /** Made when one of them is first read. */
  #extras: Extras | null = null
  /** The promise of the handler while it runs; then `ENDED` until the session is over. */
  #handling: Promise<void> | null = null

  constructor(
    transport: Transport,
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
    kind: SessionKind = 'default',
  ) {
    this.#openedAt = Math.floor(environment.clock.now())
    this.core = new SessionCore(transport, homeOf(settings, environment, observer, kind), this)
  }

  get id(): string {
    const { settings, environment } = this.core
    return settings.id ?? (this.made.id ??= createSessionId(environment))
  }

  get protocol(): string | null {
    return this.core.settings.protocol
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.core.read.channel
  }

  get outgoing(): OutgoingChannel {
    return (this.made.outgoing ??= new Outgoing(this.core))
  }

  get send(): WebSocketSession['send'] {
    this.#send ??= sendOf(this.core)
    return this.#send
  }

  get close(): WebSocketSession['close'] {
    return (this.made.close ??= (reason = NORMAL) => this.core.close(reason))
  }

  get flush(): WebSocketSession['flush'] {
    return (this.made.flush ??= () => this.core.write.flush())
  }

  get terminate(): WebSocketSession['terminate'] {
    return (this.made.terminate ??= () => this.core.terminate())
  }

  get launch(): WebSocketSession['launch'] {
    return (this.made.launch ??= (task, options) => this.tasks().launch(task, options))
  }

  get delay(): WebSocketSession['delay'] {
    return (this.made.delay ??= (duration, options) => {
      const waited = delayOn(this.clock, duration, [this.signal, options?.signal])
      return this.signal.aborted ? this.inTurn(waited) : waited
    })
  }

  get masking(): boolean {
    return this.core.write.masking
  }

  set masking(masking: boolean) {
    if (typeof masking !== 'boolean') {
      throw new TypeError(`Cannot set masking to ${kindOf(masking)}, expected true or false`)
    }
    this.core.write.masking = masking
  }

  get maxFrameSize(): number {
    return this.core.read.maxFrameSize
  }

  set maxFrameSize(bytes: number) {
    if (bytes !== Infinity && !(Number.isSafeInteger(bytes) && bytes > 0)) {
      throw new RangeError(
        `Cannot set maxFrameSize: it is ${String(bytes)}, expected whole bytes above 0 or Infinity`,
      )
    }
    this.core.read.maxFrameSize = bytes
  }

  /** The clock for code that waits on behalf of this session. */
  get clock(): Clock {
    return this.core.environment.clock
  }

  get signal(): AbortSignal {
    return this.tasks().signal
  }

  /** Whether something may listen to `signal`. */
  get hasSignal(): boolean {
    return this.#extras !== null && this.#extras.scope !== null
  }

  get closeReason(): Promise<CloseReason> {
    const extras = this.made
    if (extras.reason === null) {
      extras.reason = new Deferred()
      if (this.core.ending !== null) extras.reason.resolve(this.core.ending.reason)
    }
    return extras.reason.promise
  }

  get closed(): Promise<CloseInfo> {
    const extras = this.made
    if (extras.closed === null) {
      extras.closed = new Deferred()
      const info = this.core.ending?.info ?? null
      if (info !== null) extras.closed.resolve(info)
    }
    return extras.closed.promise
  }

  get statistics(): SessionStatistics {
    return statisticsOf(this.core, this.#openedAt)
  }

  get bufferedAmount(): number {
    return this.core.write.bufferedAmount
  }

  get pingInterval(): number | null {
    return this.core.pingsFor('pingInterval').interval
  }

  set pingInterval(value: Duration | null) {
    const pings = this.core.pingsFor('pingInterval')
    pings.set(value === null ? null : positive(value, 'pingInterval'), pings.timeout)
  }

  get timeout(): number {
    return this.core.pingsFor('timeout').timeout
  }

  set timeout(value: Duration) {
    const pings = this.core.pingsFor('timeout')
    pings.set(pings.interval, positive(value, 'timeout'))
  }

  get roundTripTime(): number | null {
    return this.core.pingsFor('roundTripTime').roundTripTime
  }

  /**
   * Runs the handler, and then ends the session: with 1000 if the handler returned (a raw session
   * ends without a Close frame), with 1011 if it threw. When the handler and all launched tasks
   * have settled and the session is over, calls `left` of the observer. Called at most once, by the
   * code that opened the session.
   */
  handle(handler: () => Promise<void> | void): void {
    // Each idle session waits here. An async function would keep its frame, and a function for each
    // outcome costs more than one that asks the settled promise again.
    const handling = begun(handler)
    this.#handling = handling
    const settled = this.handlerSettled.bind(this)
    void handling.then(settled, settled)
  }

  /** The same. Resolves when `left` has been called; never rejects. */
  run(handler: () => Promise<void> | void): Promise<void> {
    const left = new Deferred<void>()
    this.made.left = left
    this.handle(handler)
    return left.promise
  }

  /** See `SessionOwner`. */
  ending(reason: CloseReason): void {
    this.#extras?.reason?.resolve(reason)
  }

  /** See `SessionOwner`. */
  over(info: CloseInfo): void {
    this.#extras?.closed?.resolve(info)
    this.#extras?.scope?.abort()
    // The observer hears of the end first, so the session leaves in a later microtask.
    if (this.#handling === ENDED) void ENDED.then(() => this.leave())
  }

  /**
   * Settles as `settled`. A loop of calls that are refused because the session is over must not
   * block the event loop.
   */
  private inTurn(settled: Promise<void>): Promise<void> {
    const share = loopShareOf(this.core.environment)
    share.spend(0)
    const turn = share.delay(this)
    return turn === null ? settled : handled(turn.then(() => settled))
  }

  private get made(): Extras {
    this.#extras ??= new Extras()
    return this.#extras
  }

  private tasks(): TaskScope {
    const extras = this.made
    if (extras.scope === null) {
      extras.scope = new TaskScope({
        onFailure: (error) => this.failed(error),
        isFailure: (error) => !this.isEndError(error),
      })
      this.core.environment.unlimitListeners(extras.scope.signal)
      if (this.core.ending !== null && this.core.ending.info !== null) extras.scope.abort()
    }
    return extras.scope
  }

  private handlerSettled(): void {
    void (this.#handling ?? ENDED).then(
      () => this.handlerEnded(null),
      (error: unknown) => this.handlerEnded({ error }),
    )
  }

  private handlerEnded(failure: { readonly error: unknown } | null): void {
    this.#handling = null
    if (failure === null || this.isEndError(failure.error)) this.core.handlerReturned()
    else this.failed(failure.error)
    const { ending } = this.core
    // What follows takes a promise only if it waits: most sessions have no tasks.
    if (ending === null || ending.info === null) this.#handling = ENDED
    else this.leave()
  }

  /** The handler has ended and the session is over. Its tasks may still be running. */
  private leave(): void {
    const scope = this.#extras?.scope ?? null
    if (scope === null) this.hasLeft()
    else void scope.join().then(() => this.hasLeft())
  }

  private hasLeft(): void {
    this.#handling = null
    this.core.observer.left?.(this)
    this.#extras?.left?.resolve()
  }

  /** The handler or a launched task failed. */
  private failed(error: unknown): void {
    const extras = this.made
    if (!extras.hasReportedFailure) {
      extras.hasReportedFailure = true
      this.core.observer.handlerFailed(error, this)
    }
    void this.core.close(INTERNAL_ERROR, asError(error, 'the handler'))
    this.core.read.ending.discard()
  }

  /** Whether `error` only says that the session is ending, and is no failure of the handler. */
  private isEndError(error: unknown): boolean {
    const { ending } = this.core
    return ending !== null && isEndError(error, ending.cause)
  }
}

function begun(handler: () => Promise<void> | void): Promise<void> {
  try {
    return Promise.resolve(handler())
  } catch (error) {
    return rejected(error)
  }
}

function positive(value: Duration, name: string): number {
  requireNoBareSeconds(`set ${name}`, name, value)
  const ms = toMilliseconds(value, name)
  if (ms > 0) return ms
  throw new RangeError(`Cannot set ${name}: it is ${ms} ms, expected more than 0 ms`)
}
