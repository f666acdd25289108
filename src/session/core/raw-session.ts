/**
 * The session that shows every frame and does nothing by itself, and the core of the one that does.
 *
 * Ktor: `RawWebSocket`.
 */

import { type Clock, ScopeEndedError } from '../../base/index.ts'
import {
  Deferred,
  delayOn,
  type Environment,
  type HasClock,
  rejected,
  TaskScope,
  isInstance,
  kindOf,
} from '../../base/internal.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../channels/index.ts'
import type { ReceiveChannel } from '../../channels/index.ts'
import { CloseReason, type Frame } from '../../protocol/internal.ts'
import type { CloseInfo } from '../close-info.ts'
import { Connection } from './connection.ts'
import type { ConnectionOwner, SessionLevel } from '../session-level.ts'
import type { MemoryBudgetError } from '../errors.ts'
import { INTERNAL_ERROR } from '../failure-reason.ts'
import { Outgoing } from './outgoing.ts'
import { RawLevel } from '../reading/raw-level.ts'
import type { OutgoingChannel, WebSocketSession } from '../session.ts'
import type { SessionHoldings } from '../session-holdings.ts'
import type { SessionObserver, SessionSettings } from '../settings.ts'
import type { Transport } from '../transport.ts'

const NORMAL = new CloseReason(CloseReason.Codes.NORMAL)
const GOING_AWAY = new CloseReason(CloseReason.Codes.GOING_AWAY)

/** A session of the lower level. Functions and promises come into being when they are first touched. */
export class RawSession implements WebSocketSession, ConnectionOwner, HasClock {
  /** For the level that wraps this one. */
  readonly connection: Connection
  readonly #raw: boolean
  #outgoing: Outgoing | null = null
  #scope: TaskScope | null = null
  #reason: Deferred<CloseReason> | null = null
  #closed: Deferred<CloseInfo> | null = null
  #failureReported = false
  #keptBytes = 0
  #send: WebSocketSession['send'] | null = null
  #close: WebSocketSession['close'] | null = null
  #flush: WebSocketSession['flush'] | null = null
  #terminate: WebSocketSession['terminate'] | null = null
  #launch: WebSocketSession['launch'] | null = null
  #delay: WebSocketSession['delay'] | null = null

  /** `level` is given by a session that wraps this one; a raw session shows every frame. */
  constructor(
    transport: Transport,
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
    level?: SessionLevel,
  ) {
    const raw = level === undefined ? new RawLevel() : null
    this.#raw = raw !== null
    this.connection = new Connection(
      transport,
      settings,
      environment,
      observer,
      level ?? (raw as RawLevel), // one of the two is set, by the line above
      this,
    )
    raw?.attach(this.connection)
  }

  get id(): string {
    return this.connection.settings.id
  }

  get protocol(): string | null {
    return this.connection.settings.protocol
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.connection.incoming.channel
  }

  get outgoing(): OutgoingChannel {
    this.#outgoing ??= new Outgoing(this.connection)
    return this.#outgoing
  }

  get send(): WebSocketSession['send'] {
    const connection = this.connection
    this.#send ??= (data, options) => connection.send(data, options)
    return this.#send
  }

  get close(): WebSocketSession['close'] {
    this.#close ??= (reason = NORMAL) => this.connection.close(reason)
    return this.#close
  }

  get flush(): WebSocketSession['flush'] {
    this.#flush ??= () => this.connection.writer.flush()
    return this.#flush
  }

  get terminate(): WebSocketSession['terminate'] {
    this.#terminate ??= () => this.connection.terminate()
    return this.#terminate
  }

  get launch(): WebSocketSession['launch'] {
    this.#launch ??= (task) => this.#tasks().launch(task)
    return this.#launch
  }

  get delay(): WebSocketSession['delay'] {
    this.#delay ??= (duration, options) => {
      const { clock } = this.connection.environment
      return delayOn(clock, duration, [this.signal, options?.signal])
    }
    return this.#delay
  }

  get masking(): boolean {
    return this.connection.writer.masking
  }

  set masking(masking: boolean) {
    if (typeof masking !== 'boolean') {
      throw new TypeError(`Cannot set masking to ${kindOf(masking)}, expected true or false`)
    }
    this.connection.writer.masking = masking
  }

  get maxFrameSize(): number {
    return this.connection.maxFrameSize
  }

  set maxFrameSize(bytes: number) {
    this.connection.maxFrameSize = bytes
  }

  /** For code that needs the time of this session. */
  get clock(): Clock {
    return this.connection.environment.clock
  }

  get signal(): AbortSignal {
    return this.#tasks().signal
  }

  get closeReason(): Promise<CloseReason> {
    if (this.#reason === null) {
      this.#reason = new Deferred()
      if (this.connection.reason !== null) this.#reason.resolve(this.connection.reason)
    }
    return this.#reason.promise
  }

  get closed(): Promise<CloseInfo> {
    if (this.#closed === null) {
      this.#closed = new Deferred()
      if (this.connection.info !== null) this.#closed.resolve(this.connection.info)
    }
    return this.#closed.promise
  }

  /** Bytes that have arrived since the start, of whole messages or not. */
  get received(): number {
    return this.connection.received
  }

  get bufferedAmount(): number {
    return this.connection.writer.bufferedAmount
  }

  /** Bytes that the session keeps in memory, in both directions. */
  get heldBytes(): number {
    return this.connection.heldBytes
  }

  /** Bytes that its owner keeps as long as the session lasts. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  set keptBytes(bytes: number) {
    this.#keptBytes = bytes
    this.connection.buffered(bytes)
  }

  /** `heldBytes` by direction, and what has moved. */
  measure(): SessionHoldings {
    return this.connection.measure()
  }

  /** Gives memory back at once; the session ends with 1013. */
  shed(cause: MemoryBudgetError): void {
    this.connection.shed(cause)
  }

  /** Begins to read. What arrives before `run` waits in `incoming`. */
  start(): void {
    this.connection.start()
  }

  /**
   * Runs the handler, and ends the session as the handler ended: returned, 1000 (a raw session is
   * dropped); threw, 1011. Resolves when the handler and all launched tasks are done and the session is
   * over; never rejects. Called at most once.
   */
  run(handler: () => Promise<void> | void): Promise<void> {
    // Not an async function: while the handler runs, its frame would be the largest thing that an idle session holds.
    return begun(handler).then(
      () => this.#handlerEnded(),
      (error: unknown) => this.#handlerEnded({ error }),
    )
  }

  /** The server stops: Close 1001 with that message, and the handler's loop ends now. */
  goAway(message: string = ''): void {
    const reason = message === '' ? GOING_AWAY : new CloseReason(GOING_AWAY.code, message)
    this.connection.goAway(reason)
  }

  ending(reason: CloseReason): void {
    this.#reason?.resolve(reason)
  }

  over(info: CloseInfo): void {
    this.#closed?.resolve(info)
    this.#scope?.abort()
  }

  #tasks(): TaskScope {
    if (this.#scope === null) {
      this.#scope = new TaskScope({
        onFailure: (error) => this.#failed(error),
        isFailure: (error) => !this.#saysThatItEnds(error),
      })
      this.connection.environment.unlimitListeners(this.#scope.signal)
      if (this.connection.info !== null) this.#scope.abort()
    }
    return this.#scope
  }

  async #handlerEnded(failure?: { readonly error: unknown }): Promise<void> {
    if (failure === undefined || this.#saysThatItEnds(failure.error)) this.#returned()
    else this.#failed(failure.error)
    await this.closed
    await this.#scope?.join()
  }

  #returned(): void {
    const { connection } = this
    if (connection.reason === null && connection.incoming.channel.isAwaited) {
      connection.observer.readingAbandoned?.()
    }
    if (this.#raw) {
      this.connection.drop()
      return
    }
    void this.connection.close(NORMAL)
    this.connection.incoming.discard()
  }

  /** The handler or a task failed. */
  #failed(error: unknown): void {
    if (!this.#failureReported) {
      this.#failureReported = true
      this.connection.observer.handlerFailed(error)
    }
    this.connection.closeBecause(INTERNAL_ERROR, asError(error))
    this.connection.incoming.discard()
  }

  /** Whether `error` is no trouble of its own, but only tells that the session is ending. */
  #saysThatItEnds(error: unknown): boolean {
    if (this.connection.reason === null) return false
    if (error === this.connection.cause) return true
    if (isInstance(error, ClosedReceiveChannelError)) return true
    if (isInstance(error, ClosedSendChannelError)) return true
    if (isInstance(error, ScopeEndedError)) return true
    return isAbortError(error)
  }
}

function begun(handler: () => Promise<void> | void): Promise<void> {
  try {
    return Promise.resolve(handler())
  } catch (error) {
    return rejected(error)
  }
}

/** Whatever waited on a signal of this session or of its call, and however Node wraps that. */
function isAbortError(error: unknown): boolean {
  try {
    return error instanceof Error && error.name === 'AbortError'
  } catch {
    // A proxy, or a getter, that throws.
    return false
  }
}

function asError(error: unknown): Error {
  return isInstance(error, Error)
    ? error
    : new TypeError('Cannot tell why the handler failed: it threw something that is not an Error')
}
