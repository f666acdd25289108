/**
 * The session of a client: a session with what it was opened by, wrapped thinly around it, and how it ends.
 */

import type { Clock, Duration } from '../../base/index.ts'
import {
  addAbortListener,
  type Environment,
  type HasClock,
  removeAbortListener,
} from '../../base/internal.ts'
import type { ReceiveChannel } from '../../channels/index.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { CloseReason, Frame, HandshakeResponse } from '../../protocol/index.ts'
import type {
  CloseInfo,
  OutgoingChannel,
  RouteSettings,
  Transport,
  WebSocketSession,
} from '../../session/index.ts'
import {
  createSessionId,
  DefaultSession,
  type HeartbeatListener,
  type SessionObserver,
  type SessionSettings,
} from '../../session/internal.ts'
import type { ClientResponse, WebSocketClientSession } from './client-session.ts'
import { toHeaders } from './errors.ts'

/** What an answered handshake knows about the session that it begins. */
export interface ClientOpening {
  readonly url: string
  readonly response: HandshakeResponse
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  readonly settings: RouteSettings
  readonly environment: Environment
  /** Closes the session when it fires; `null`: none. */
  readonly signal: AbortSignal | null
  /** The session's name; `null`: 16 random bytes. */
  readonly id: string | null
  /** Is told what a block or a task has failed with. */
  readonly failed: (error: unknown) => void
}

/** A client's session. Functions are the wrapped session's own, so that all members may be destructured. */
export class OpenedSession implements WebSocketClientSession, HasClock {
  readonly url: string
  readonly #response: HandshakeResponse
  readonly #session: DefaultSession
  readonly #watch: SessionWatch
  #shownResponse: ClientResponse | null = null
  #blockRuns = false
  #run: Promise<void> | null = null

  /** Begins the session on `transport`. */
  constructor(opening: ClientOpening, transport: Transport) {
    this.url = opening.url
    this.#response = opening.response
    this.#watch = new SessionWatch(opening, () => this.#session.goAway())
    const settings = settingsOf(opening)
    this.#session = new DefaultSession(transport, settings, opening.environment, this.#watch)
    this.#session.start()
    this.#watch.begin()
  }

  get response(): ClientResponse {
    const { status, headers } = this.#response
    this.#shownResponse ??= { status, headers: toHeaders(headers) }
    return this.#shownResponse
  }

  get id(): string {
    return this.#session.id
  }

  get protocol(): string | null {
    return this.#session.protocol
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.#session.incoming
  }

  get outgoing(): OutgoingChannel {
    return this.#session.outgoing
  }

  get send(): WebSocketSession['send'] {
    return this.#session.send
  }

  get close(): WebSocketSession['close'] {
    return this.#session.close
  }

  get flush(): WebSocketSession['flush'] {
    return this.#session.flush
  }

  get terminate(): WebSocketSession['terminate'] {
    return this.#session.terminate
  }

  get launch(): WebSocketSession['launch'] {
    return this.#session.launch
  }

  /** For code that needs the time of this session. */
  get clock(): Clock {
    return this.#session.clock
  }

  get delay(): WebSocketSession['delay'] {
    return this.#session.delay
  }

  get signal(): AbortSignal {
    return this.#session.signal
  }

  get closeReason(): Promise<CloseReason> {
    return this.#session.closeReason
  }

  get closed(): Promise<CloseInfo> {
    return this.#session.closed
  }

  // For the heartbeat: see `HeartbeatOwner`.

  get received(): number {
    return this.#session.received
  }

  get hiddenAmount(): number {
    return 0
  }

  get isReadingStopped(): boolean {
    return this.#session.isReadingStopped
  }

  listen(listener: HeartbeatListener): void {
    this.#session.listen(listener)
  }

  vanish(cause: Error): void {
    this.#session.vanish(cause)
  }

  get bufferedAmount(): number {
    return this.#session.bufferedAmount
  }

  get masking(): boolean {
    return this.#session.masking
  }

  set masking(masking: boolean) {
    this.#session.masking = masking
  }

  get maxFrameSize(): number {
    return this.#session.maxFrameSize
  }

  set maxFrameSize(maxFrameSize: number) {
    this.#session.maxFrameSize = maxFrameSize
  }

  get pingInterval(): number | null {
    return this.#session.pingInterval
  }

  set pingInterval(pingInterval: Duration | null) {
    this.#session.pingInterval = pingInterval
  }

  get timeout(): number {
    return this.#session.timeout
  }

  set timeout(timeout: Duration) {
    this.#session.timeout = timeout
  }

  get roundTripTime(): number | null {
    return this.#session.roundTripTime
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A block that disposes of its own session would wait for itself.
    if (!this.#blockRuns) return this.#end(() => {})
    void this.close()
    await this.closed
  }

  /**
   * Runs `block` with this session and ends it as the block has ended: 1000, or 1011 if it failed. Waits until the
   * closing handshake and all launched tasks are done. Called at most once.
   *
   * @returns what `block` returned.
   * @throws (by rejecting) what the block or a task failed with, whichever was first; else the reason of the signal, if
   *   that fired before the block ended; else what the block threw because the session was ending.
   */
  async runBlock<T>(block: (session: WebSocketClientSession) => Promise<T> | T): Promise<T> {
    let returned: { readonly value: T } | null = null
    let thrown: unknown
    let wasAborted = false
    this.#blockRuns = true
    await this.#end(async () => {
      try {
        returned = { value: await block(this) }
      } catch (error) {
        thrown = error
        throw error
      } finally {
        wasAborted = this.#watch.isAborted
        this.#blockRuns = false
      }
    })
    this.#watch.throwFailure()
    if (wasAborted) this.#watch.throwIfAborted()
    // The analysis of types does not see what the function above has done.
    const result = returned as { readonly value: T } | null
    if (result === null) throw thrown
    return result.value
  }

  #end(handler: () => Promise<void> | void): Promise<void> {
    this.#run ??= this.#session.run(handler)
    return this.#run
  }
}

/** What the session tells its owner, and what the user's signal tells the session. */
class SessionWatch implements SessionObserver {
  readonly #signal: AbortSignal | null
  readonly #tellFailure: (error: unknown) => void
  readonly #leave: () => void
  /** Of the block or of a task, whichever was first. */
  #failure: { readonly error: unknown } | null = null

  constructor({ signal, failed }: ClientOpening, leave: () => void) {
    this.#signal = signal
    this.#tellFailure = failed
    this.#leave = leave
  }

  get isAborted(): boolean {
    return this.#signal?.aborted === true
  }

  begin(): void {
    if (this.isAborted) this.#leave()
    else if (this.#signal !== null) addAbortListener(this.#signal, this.#leave)
  }

  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  throwIfAborted(): void {
    this.#signal?.throwIfAborted()
  }

  handlerFailed(error: unknown): void {
    this.#failure = { error }
    this.#tellFailure(error)
  }

  limitReached(): void {}

  frameDropped(): void {}

  buffered(): void {}

  closed(): void {
    if (this.#signal !== null) removeAbortListener(this.#signal, this.#leave)
  }
}

/**
 * The settings of one session: its own, and behind them, as the prototype, those that all sessions of the client
 * share, as on a server.
 */
function settingsOf(opening: ClientOpening): SessionSettings {
  const own: Pick<SessionSettings, 'role' | 'id' | 'protocol' | 'extensions'> = {
    role: 'client',
    id: opening.id ?? createSessionId(opening.environment),
    protocol: opening.protocol,
    extensions: opening.extensions,
  }
  // `Object.create` gives what it was given: the two together are all of the settings.
  return Object.assign(Object.create(opening.settings) as RouteSettings, own)
}
