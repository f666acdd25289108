/**
 * One link: typed messages over one session, in both directions. README.md tells the trip of a
 * request through it.
 *
 * `take` gets each frame. `room` says when the link takes no more for now.
 */

import type { CloseReason, Frame } from '../../protocol/index.ts'
import { TextFrame } from '../../protocol/portable.ts'
import type { CompiledEntry } from '../contract.ts'
import { SessionClosedError } from '../errors.ts'
import type { Answers } from './answers.ts'
import { ArrivedEvent, Arrivals, type IncomingMessages } from './arrivals.ts'
import type { Ask } from './ask.ts'
import { Asks } from './asks.ts'
import type { Checks } from './checks.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import type { Order } from './order.ts'
import { Outbox } from './outbox.ts'
import type { LinkFeatures } from './features.ts'
import type { LinkParts } from './parts.ts'
import type { LinkPort, LinkSettings } from './port.ts'
import type { Served } from './served.ts'

// Close codes (RFC 6455 §7.4.1). A page adds 3000 to each: it may send no others.
const UNACCEPTABLE = 1003
const INVALID_DATA = 1007
const POLICY = 1008

/** What a message costs beyond its payload, in bytes, or empty ones would be free. */
const MESSAGE_COST_BYTES = 64
/** How long schemas that have not answered are awaited when the session is over. */
const LAST_VALIDATIONS_MS = 1000

const RESERVED: readonly string[] = ['.response', '.error', '.item', '.end', '.credit', '.cancel']

/** See above. */
export class Link implements LinkParts {
  readonly asks: Asks
  /** `null`: requests of the peer are unknown here. */
  readonly answers: Answers | null
  readonly outbox: Outbox
  /** `null`: the entries are not known here, and nothing is validated. */
  readonly checks: Checks | null
  readonly order: Order | null
  readonly settings: LinkSettings
  readonly port: LinkPort
  unknownEvents = 0
  /** Called when `isExpecting` may have become true; `null`: no handlers are served. */
  onAsked: (() => void) | null = null
  readonly arrivals: Arrivals
  /** The entries of the peer; `null`: they are not known here. */
  readonly #entries: ReadonlyMap<string, CompiledEntry> | null
  #isOver = false
  #hasFailed = false
  readonly #isShared: boolean

  /** @param incoming of a connection, which outlives its sessions; absent: the link has its own. */
  constructor(
    port: LinkPort,
    settings: LinkSettings,
    { createChecks, createAnswers }: LinkFeatures,
    incoming?: IncomingMessages,
  ) {
    this.port = port
    this.settings = settings
    this.#isShared = incoming !== undefined
    this.arrivals = new Arrivals(this, incoming)
    this.#entries = settings.contract?.[settings.side === 'client' ? 'server' : 'client'] ?? null
    this.outbox = new Outbox(port, settings.codec)
    this.outbox.onPosted = () => this.arrivals.wake()
    this.asks = new Asks(this)
    this.checks = createChecks === null ? null : createChecks(this)
    this.order = this.checks === null ? null : this.checks.order
    this.answers = createAnswers === null ? null : createAnswers(this)
  }

  get incoming(): IncomingMessages {
    return this.arrivals.incoming
  }

  get unread(): number {
    return this.arrivals.unread
  }

  /** Whether what is held back may be what this side waits for. */
  get isExpecting(): boolean {
    return this.asks.areAwaited || this.answers?.areOpen === true
  }

  get isFlooded(): boolean {
    return this.outbox.isFlooded
  }

  /** Resolves when the link takes frames; `null`: it does. */
  get room(): Promise<void> | null {
    return this.arrivals.room
  }

  /** `incoming` of the connection has room again. */
  roomAgain(): void {
    this.arrivals.roomAgain()
  }

  /** One frame of the peer. */
  take(frame: Frame): void {
    if (this.#hasFailed) return
    const payload = frame instanceof TextFrame ? frame.readText() : frame.buffer
    const { codec } = this.settings
    if ((typeof payload === 'string') !== (codec.frame === 'text')) {
      this.#takeBytes(payload)
      return
    }
    let envelope: Envelope | null = null
    try {
      envelope = readEnvelope(codec.decode(payload))
    } catch {
      // What the codec throws says no more than this.
    }
    if (envelope === null) this.#failDecoding()
    else if (envelope.type.startsWith('.')) this.#takeReserved(envelope)
    else this.#takeNamed(envelope, payload.length + MESSAGE_COST_BYTES)
  }

  /**
   * The session is over: what waits for answers fails, what was received can still be taken.
   *
   * @param cause of a session that has failed.
   * @param reason of the close; `null` if it is not known.
   */
  end(cause: Error | null, reason: CloseReason | null = null): void {
    if (this.#isOver) return
    this.#isOver = true
    const detail = cause === null && reason !== null ? new SessionClosedError(reason) : cause
    this.asks.end(detail)
    this.answers?.end()
    this.order?.end(() => this.port.turn())
    const close = (): void => {
      // `incoming` ends, unless other sessions go on with it.
      if (!this.#isShared) this.incoming.close(cause, detail)
    }
    const timer = this.port.clock.setTimer(LAST_VALIDATIONS_MS, close)
    this.arrivals.end(() => {
      timer[Symbol.dispose]()
      close()
    })
  }

  asked(): void {
    this.arrivals.wake()
    this.onAsked?.()
  }

  /** A message is valid. @param served `null`: it is an event. */
  show(type: string, data: unknown, served: Served | null, size: number): void {
    if (served === null) this.arrivals.show(new ArrivedEvent(type, data, size), size)
    else {
      served.data = data
      this.arrivals.show(served, size)
    }
  }

  /** Ends the session: the peer has broken a rule. Nothing more is taken. */
  fail(code: number, message: string): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.end(null, this.port.fail(code, message))
  }

  #failDecoding(): void {
    this.fail(INVALID_DATA, 'Not a message of the contract')
  }

  /** Whether `id` is of a request that this side has asked: a client's ids are odd. */
  #isOurs(id: number): boolean {
    return (id % 2 === 1) === (this.settings.side === 'client')
  }

  /** The request that has this id: `null` if it is over, `undefined` if there was never one. */
  #find(id: number): Ask | Served | null | undefined {
    if (this.#isOurs(id)) return this.asks.find(id)
    return this.answers === null ? null : this.answers.find(id)
  }

  /** Under a codec of texts, bytes are an item; everything else is an error. */
  #takeBytes(payload: string | Uint8Array): void {
    if (typeof payload !== 'string' && payload.length >= 4) {
      const id = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
      const request = this.#find(id)
      if (request === null) return
      if (request?.takesBytes === true) {
        this.#takeItem(request, { type: '.item', id, data: payload.subarray(4) })
        return
      }
    }
    this.fail(UNACCEPTABLE, 'Not a frame of the codec')
  }

  #takeItem(request: Ask | Served | undefined, item: Envelope): void {
    if (request?.take(item) !== true) this.fail(POLICY, 'An item without credit')
  }

  /** What belongs to a request, of either side. */
  #takeReserved(message: Envelope): void {
    const { type, id, items, code } = message
    if (!RESERVED.includes(type)) {
      this.unknownEvents++
      return
    }
    const isWhole = (type === '.credit') === (items !== undefined)
    if (id === undefined || !isWhole || (type === '.error') !== (code !== undefined)) {
      this.#failDecoding()
      return
    }
    const request = this.#find(id)
    if (request === null) {
      // It has crossed the end of its request. An answer to the peer's own request has not.
      if (this.#isOurs(id) || (type !== '.response' && type !== '.error')) return
    } else if (type === '.item') {
      this.#takeItem(request, message)
      return
    } else if (request?.take(message) === true) return
    this.fail(POLICY, 'An answer to no request')
  }

  #takeNamed(message: Envelope, size: number): void {
    const { type, id } = message
    const entry = this.#entries === null ? null : this.#entries.get(type)
    const isEvent = entry ? entry.kind === 'event' : id === undefined
    if (isEvent) {
      if (entry === undefined) this.unknownEvents++
      else this.#arrive(entry, message, null, size)
    } else if (id === undefined) this.fail(INVALID_DATA, 'A request has no id')
    else if (this.answers?.take(id) === false) {
      this.fail(POLICY, 'The id of a request is used twice')
    } else if (this.answers === null || entry === undefined) {
      void this.outbox.post({ type: '.error', id, code: 'UNKNOWN' })
    } else {
      const served = this.answers.begin(id, entry, message)
      if (served !== null) this.#arrive(entry, message, served, size)
    }
  }

  /** @param served `null`: the message is an event. */
  #arrive(
    entry: CompiledEntry | null,
    message: Envelope,
    served: Served | null,
    size: number,
  ): void {
    if (this.checks === null) this.show(message.type, message.data, served, size)
    else this.checks.arrive(entry, message, served, size)
  }
}
