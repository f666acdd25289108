/**
 * The default level: fragments become messages, pings and Close frames are answered, the peer is pinged.
 */

import type { Environment } from '../../base/internal.ts'
import {
  CloseReason,
  Frame,
  type FrameSink,
  HEARTBEAT_MARK,
  MessageAssembler,
  type ProtocolViolation,
  receivedText,
} from '../../protocol/internal.ts'
import type { LevelHost } from '../level-host.ts'
import type { SessionLevel } from '../session-level.ts'
import { PingTimeoutError } from '../errors.ts'
import { failureReason } from '../failure-reason.ts'
import { IncomingExtensions } from './incoming-extensions.ts'
import { Pinger, type PingerOwner } from '../core/pinger.ts'

const PING_TIMEOUT = new CloseReason(CloseReason.Codes.INTERNAL_ERROR, 'Ping timeout')

/** What a default session does between the decoder and its handler. */
export class DefaultLevel implements SessionLevel, FrameSink, PingerOwner {
  readonly gathersMessages: boolean = true
  readonly #environment: Environment
  #connection: LevelHost | null = null
  #assembler: MessageAssembler | null = null
  /** Absent where the handshake has agreed on none. */
  #extensions: IncomingExtensions | null = null
  #pinger: Pinger | null = null
  #running = false
  #isReadingPaused = false
  pingInterval: number | null
  timeout: number
  roundTripTime: number | null = null

  /** Times in milliseconds; a `pingInterval` of `null` is no pings. */
  constructor(environment: Environment, pingInterval: number | null, timeout: number) {
    this.#environment = environment
    this.pingInterval = pingInterval
    this.timeout = timeout
  }

  get sink(): FrameSink {
    return this
  }

  get heldBytes(): number {
    return (this.#assembler?.keptBytes ?? 0) + (this.#extensions?.heldBytes ?? 0)
  }

  /** Says whose frames these are; called once, before anything arrives. */
  attach(connection: LevelHost): void {
    this.#connection = connection
    if (connection.extensions === null) return
    this.#extensions = new IncomingExtensions(connection.extensions, connection)
  }

  /** Begins to ping. */
  start(): void {
    this.#running = true
    this.#restartPinger()
  }

  /** Changes the times; the next ping comes one period from now. */
  setPings(pingInterval: number | null, timeout: number): void {
    this.pingInterval = pingInterval
    this.timeout = timeout
    this.#restartPinger()
  }

  text(payload: Uint8Array, fin: boolean, reservedBits: number): void {
    const message = this.#gather(payload, fin)
    if (message === null) return
    if (this.#extensions !== null) this.#extensions.receive('text', message, reservedBits)
    else if (message[0] !== HEARTBEAT_MARK || !this.#connection?.takesHeartbeat(message)) {
      this.#connection?.deliver(receivedText(message), message.length)
    }
  }

  binary(payload: Uint8Array, fin: boolean, reservedBits: number): void {
    const message = this.#gather(payload, fin)
    if (message === null) return
    if (this.#extensions !== null) this.#extensions.receive('binary', message, reservedBits)
    else this.#connection?.deliver(new Frame.Binary(message), message.length)
  }

  ping(payload: Uint8Array): void {
    if (this.#connection?.admitsControlFrame() === true) this.#connection.writer.pong(payload)
  }

  pong(payload: Uint8Array): void {
    if (this.#connection?.admitsControlFrame() !== true) return
    const time = this.#pinger?.pong(payload) ?? null
    if (time !== null) this.roundTripTime = time
  }

  close(reason: CloseReason | null): void {
    const connection = this.#connection
    connection?.readingOver(() => connection.peerClosed(reason, true))
  }

  violation(error: ProtocolViolation): void {
    const connection = this.#connection
    connection?.readingOver(() => connection.fail(failureReason(error), error))
  }

  heard(): void {
    this.#pinger?.heard()
  }

  readingPaused(paused: boolean): void {
    this.#isReadingPaused = paused
    if (paused) this.#pinger?.pause()
    else this.#pinger?.resume()
  }

  ending(): void {
    this.#running = false
    this.#restartPinger()
  }

  discard(): void {
    this.#assembler = null
  }

  get movedOutAt(): number {
    return this.#connection?.movedOutAt ?? -Infinity
  }

  get bytesWritten(): number {
    return this.#connection?.bytesWritten ?? 0
  }

  get queuedBytes(): number {
    return this.#connection?.queuedBytes ?? 0
  }

  sendPing(payload: Uint8Array): void {
    this.#connection?.writer.ping(payload)
  }

  /** The session ends at once: a peer that is gone will not answer a Close either. */
  pingTimedOut(): void {
    this.#connection?.fail(PING_TIMEOUT, new PingTimeoutError(this.timeout))
    this.#connection?.finishNow()
  }

  /** One more piece of a message. @returns the whole message if it ends here. */
  #gather(payload: Uint8Array, fin: boolean): Uint8Array | null {
    if (fin && (this.#assembler === null || this.#assembler.isEmpty)) return payload
    this.#assembler ??= new MessageAssembler()
    this.#assembler.add(payload)
    return fin ? this.#assembler.take() : null
  }

  #restartPinger(): void {
    this.#pinger?.stop()
    this.#pinger = null
    if (!this.#running || this.pingInterval === null) return
    this.#pinger = new Pinger(this.#environment, this, this.pingInterval, this.timeout)
    if (this.#isReadingPaused) this.#pinger.pause()
  }
}
