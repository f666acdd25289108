/**
 * The session that looks after itself: whole messages, automatic pongs and Close answers, pings.
 *
 * It wraps a raw session and keeps its interface; what it adds is a level of its own between the decoder
 * and the handler, and the pinger.
 */

import type { Clock, Duration } from '../../base/index.ts'
import { type Environment, type HasClock, toMilliseconds } from '../../base/internal.ts'
import type { ReceiveChannel } from '../../channels/index.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import type { CloseInfo } from '../close-info.ts'
import { DefaultLevel } from '../reading/default-level.ts'
import type { MemoryBudgetError } from '../errors.ts'
import { RawSession } from './raw-session.ts'
import type { DefaultWebSocketSession, OutgoingChannel, WebSocketSession } from '../session.ts'
import type { SessionHoldings } from '../session-holdings.ts'
import type { HeartbeatListener, SessionObserver, SessionSettings } from '../settings.ts'
import type { Transport } from '../transport.ts'

/** A session of the upper level: what `webSocket` handlers are given. */
export class DefaultSession implements DefaultWebSocketSession, HasClock {
  readonly #raw: RawSession
  readonly #level: DefaultLevel

  constructor(
    transport: Transport,
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
  ) {
    this.#level = new DefaultLevel(environment, settings.pingInterval, settings.timeout)
    this.#raw = new RawSession(transport, settings, environment, observer, this.#level)
    this.#level.attach(this.#raw.connection)
  }

  get id(): string {
    return this.#raw.id
  }

  get protocol(): string | null {
    return this.#raw.protocol
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.#raw.incoming
  }

  get outgoing(): OutgoingChannel {
    return this.#raw.outgoing
  }

  get send(): WebSocketSession['send'] {
    return this.#raw.send
  }

  get close(): WebSocketSession['close'] {
    return this.#raw.close
  }

  get flush(): WebSocketSession['flush'] {
    return this.#raw.flush
  }

  get terminate(): WebSocketSession['terminate'] {
    return this.#raw.terminate
  }

  get launch(): WebSocketSession['launch'] {
    return this.#raw.launch
  }

  get delay(): WebSocketSession['delay'] {
    return this.#raw.delay
  }

  get masking(): boolean {
    return this.#raw.masking
  }

  set masking(masking: boolean) {
    this.#raw.masking = masking
  }

  get maxFrameSize(): number {
    return this.#raw.maxFrameSize
  }

  set maxFrameSize(bytes: number) {
    this.#raw.maxFrameSize = bytes
  }

  /** For code that needs the time of this session. */
  get clock(): Clock {
    return this.#raw.clock
  }

  get signal(): AbortSignal {
    return this.#raw.signal
  }

  get closeReason(): Promise<CloseReason> {
    return this.#raw.closeReason
  }

  get closed(): Promise<CloseInfo> {
    return this.#raw.closed
  }

  /** Bytes that have arrived since the start, of whole messages or not. */
  get received(): number {
    return this.#raw.received
  }

  /** Tells `listener` of every message, and gives it the heartbeat's answers. */
  listen(listener: HeartbeatListener): void {
    this.#raw.connection.heartbeat = listener
  }

  /** See `Connection.isReadingStopped`. */
  get isReadingStopped(): boolean {
    return this.#raw.connection.isReadingStopped
  }

  /** See `Connection.vanish`. */
  vanish(cause: Error): void {
    this.#raw.connection.vanish(cause)
  }

  get bufferedAmount(): number {
    return this.#raw.bufferedAmount
  }

  get pingInterval(): number | null {
    return this.#level.pingInterval
  }

  set pingInterval(value: Duration | null) {
    this.#level.setPings(value === null ? null : positive(value, 'pingInterval'), this.timeout)
  }

  get timeout(): number {
    return this.#level.timeout
  }

  set timeout(value: Duration) {
    this.#level.setPings(this.pingInterval, positive(value, 'timeout'))
  }

  get roundTripTime(): number | null {
    return this.#level.roundTripTime
  }

  /** See `RawSession.heldBytes`. */
  get heldBytes(): number {
    return this.#raw.heldBytes
  }

  /** See `RawSession.keptBytes`. */
  get keptBytes(): number {
    return this.#raw.keptBytes
  }

  set keptBytes(bytes: number) {
    this.#raw.keptBytes = bytes
  }

  /** See `RawSession.measure`. */
  measure(): SessionHoldings {
    return this.#raw.measure()
  }

  /** See `RawSession.shed`. */
  shed(cause: MemoryBudgetError): void {
    this.#raw.shed(cause)
  }

  /** Begins to read, and to ping. */
  start(): void {
    this.#level.start()
    this.#raw.start()
  }

  /** See `RawSession.run`. */
  run(handler: () => Promise<void> | void): Promise<void> {
    return this.#raw.run(handler)
  }

  /** See `RawSession.goAway`. */
  goAway(message: string = ''): void {
    this.#raw.goAway(message)
  }
}

function positive(value: Duration, name: string): number {
  const ms = toMilliseconds(value, name)
  if (ms > 0) return ms
  throw new RangeError(`Cannot set ${name}: it is ${ms} ms, expected more than 0 ms`)
}
