/**
 * One link: typed messages over one session, in both directions. README.md tells the trip of a
 * request through it.
 *
 * It is told of each frame, and says when it takes no more for now. Answers are looked for past a
 * full `incoming`, within a bound: two sides whose handlers ask each other do not wait for each
 * other for ever.
 */

import { Deferred } from '../../base/internal.ts'
import { BufferedChannel, type ChannelHooks } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { TextFrame } from '../../protocol/portable.ts'
import { isPromise, type Validated } from '../../schema/index.ts'
import { bytes } from '../codec.ts'
import type { CompiledEntry } from '../contract.ts'
import { Answers, type Served, validateData } from './answers.ts'
import { type Ask, Asks } from './asks.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import { Outbox } from './outbox.ts'
import type { LinkPort, LinkSettings } from './port.ts'

/** One event, as `incoming` holds it. */
export class ArrivedEvent {
  readonly type: string
  readonly data: unknown
  readonly #size: number

  constructor(type: string, data: unknown, size: number) {
    this.type = type
    this.data = data
    this.#size = size
  }

  /** What it counts in `readAhead`, in bytes. Not a member: it is no part of the message. */
  static sizeOf(event: ArrivedEvent): number {
    return event.#size
  }
}

/** An event, or a request, as `incoming` holds it. */
export type Arrival = Served | ArrivedEvent

/** The way to `incoming` of one message: it waits for its schema, and for those before it. */
interface Slot {
  arrival: Arrival | null
  readonly size: number
  isReady: boolean
}

// Close codes (RFC 6455 §7.4.1). A page adds 3000 to each: it may send no others.
const UNACCEPTABLE = 1003
const INVALID_DATA = 1007
const POLICY = 1008
const INTERNAL_ERROR = 1011

/** What a message costs beyond its payload, in bytes, or empty ones would be free. */
const MESSAGE_COST_BYTES = 64
const CAPACITY = 64
const MAX_BYTES = 1024 * 1024
/** How long schemas that have not answered are awaited when the session is over. */
const LAST_VALIDATIONS_MS = 1000

/** Is told when `incoming` has room. */
export interface IncomingReader {
  roomAgain(): void
}

const HOOKS: ChannelHooks<Arrival, IncomingReader> = {
  onRoom: (reader) => reader.roomAgain(),
  onCancel: (reader) => reader.roomAgain(),
}

/** The channel of what has arrived. */
export type IncomingMessages = BufferedChannel<Arrival, IncomingReader>

/** Makes an `incoming`. */
export function createIncoming(owner: IncomingReader): IncomingMessages {
  return new BufferedChannel({ capacity: CAPACITY, maxBytes: MAX_BYTES }, { owner, hooks: HOOKS })
}

/** See above. */
export class Link {
  readonly incoming: IncomingMessages
  readonly asks: Asks
  readonly answers: Answers
  readonly outbox: Outbox
  readonly settings: LinkSettings
  readonly port: LinkPort
  unknownEvents = 0
  /** Is told when `isExpecting` may have become true; `null`: no handlers are served. */
  onAsked: (() => void) | null = null
  #slots: Slot[] = []
  #aheadBytes = 0
  #room: Deferred<void> | null = null
  #isOver = false
  #hasFailed = false
  readonly #isShared: boolean

  /** @param incoming of a connection, which outlives its sessions; absent: the link has its own. */
  constructor(port: LinkPort, settings: LinkSettings, incoming?: IncomingMessages) {
    this.port = port
    this.settings = settings
    this.#isShared = incoming !== undefined
    this.incoming = incoming ?? createIncoming(this)
    this.outbox = new Outbox(port, settings)
    this.outbox.onPosted = () => this.#wake()
    this.asks = new Asks(port, settings, this.outbox, this)
    this.answers = new Answers(port, settings, this.outbox, this)
  }

  /** Messages that have arrived and wait for the application. */
  get unread(): number {
    return this.incoming.size + this.#slots.length
  }

  /** Whether what is held back may be what this side waits for. */
  get isExpecting(): boolean {
    return this.asks.areAwaited || this.answers.areOpen
  }

  /** Resolves when the link takes frames; `null`: it does. */
  get room(): Promise<void> | null {
    if (this.#mayTake()) return null
    this.#room ??= new Deferred()
    return this.#room.promise
  }

  /** One frame of the peer. */
  take(frame: Frame): void {
    if (this.#hasFailed) return
    const payload = frame instanceof TextFrame ? frame.readText() : frame.buffer
    const { codec } = this.settings
    if ((typeof payload === 'string') !== (codec.frame === 'text')) {
      this.#takeOtherKind(payload)
      return
    }
    let envelope: Envelope | null = null
    try {
      envelope = readEnvelope(codec.decode(payload))
    } catch {
      // What the codec throws says no more than this.
    }
    if (envelope === null) this.#fail(INVALID_DATA, 'Not a message of the contract')
    else if (envelope.type.startsWith('.')) this.#takeReserved(envelope)
    else this.#takeNamed(envelope, payload.length + MESSAGE_COST_BYTES)
  }

  /** The session is over: what waits for answers fails, what was received can still be taken. */
  end(cause: Error | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#room?.resolve()
    this.asks.end(cause)
    this.answers.end()
    this.outbox.end()
    if (this.#slots.length === 0) this.close(cause)
    else {
      const timer = this.port.clock.setTimer(LAST_VALIDATIONS_MS, () => this.close(cause))
      this.#onSlotsEmpty = () => {
        timer[Symbol.dispose]()
        this.close(cause)
      }
    }
  }

  /** `incoming` ends. */
  close(cause: Error | null): void {
    if (!this.#isShared) this.incoming.close(cause)
  }

  asked(): void {
    if (this.#mayTake()) this.#wake()
    this.onAsked?.()
  }

  /** `incoming` has room again, or is not read any more. */
  roomAgain(): void {
    this.#aheadBytes = 0
    this.#wake()
  }

  invalid(type: string, outcome: Validated | { readonly error: unknown }): void {
    if ('error' in outcome) this.port.report(outcome.error, type)
    else if (outcome.issues !== null) {
      try {
        this.settings.onInvalid({ type, issues: outcome.issues })
      } catch (error) {
        this.port.report(error, type)
      }
    }
  }

  #onSlotsEmpty: (() => void) | null = null

  #mayTake(): boolean {
    if (this.#isOver) return true
    if (this.outbox.isFlooded) return false
    if (this.incoming.isClosedForSend) return true
    if (!this.incoming.isFull && this.#slots.length < CAPACITY) return true
    return this.isExpecting && this.#aheadBytes < this.settings.readAhead
  }

  #wake(): void {
    this.#room?.resolve()
    this.#room = null
  }

  /** Ends the session: the peer has broken a rule. Nothing more is taken. */
  #fail(code: number, message: string): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.port.fail(code, message)
    this.end(null)
  }

  /** Under a codec of texts, bytes are an item; everything else is an error. */
  #takeOtherKind(payload: string | Uint8Array): void {
    if (typeof payload === 'string' || payload.length < 4) {
      this.#fail(UNACCEPTABLE, 'Not a frame of the codec')
      return
    }
    const { buffer, byteOffset } = payload
    const id = new DataView(buffer, byteOffset).getUint32(0)
    const [ask, served] = [this.asks.find(id), this.answers.find(id)]
    const takesBytes = this.#isOurs(id)
      ? ask === null || this.#mayBeBytes(ask, 'stream')
      : served === null || this.#mayBeBytes(served, 'upload')
    if (takesBytes) this.#takeItem(id, payload.subarray(4))
    else this.#fail(UNACCEPTABLE, 'Not a frame of the codec')
  }

  #mayBeBytes(owner: Ask | Served | undefined, part: 'stream' | 'upload'): boolean {
    if (owner === undefined || this.settings.contract === null) return owner !== undefined
    return this.#entryOf(owner.type, part === 'stream')?.[part] === bytes
  }

  /** Whether `id` is of a request that we have asked: a client's ids are odd. */
  #isOurs(id: number): boolean {
    return (id % 2 === 1) === (this.settings.side === 'client')
  }

  #entryOf(type: string, isOurs: boolean): CompiledEntry | undefined {
    const { contract, side } = this.settings
    return contract?.[isOurs === (side === 'client') ? 'client' : 'server'].get(type)
  }

  #takeNamed({ type, id, data, timeout, credit }: Envelope, size: number): void {
    const entry = this.#entryOf(type, false)
    if (entry === undefined && this.settings.contract !== null) {
      if (id === null) this.unknownEvents++
      else if (this.#takeId(id)) this.answers.refuse(id, 'UNKNOWN')
      return
    }
    if (entry === undefined ? id === null : entry.kind === 'event') {
      this.#takeEvent(entry ?? null, type, data, size)
      return
    }
    if (id === null) {
      this.#fail(INVALID_DATA, 'A request has no id')
      return
    }
    if (!this.#takeId(id)) return
    const served = this.answers.begin(id, entry ?? null, type, { timeout, credit })
    if (served === null) return
    this.#arrive(
      entry ?? null,
      data,
      size,
      (validated) => {
        if (validated.issues === null) {
          served.data = validated.value
          return served
        }
        this.invalid(type, validated)
        served.refuse('INVALID', validated.issues)
        return null
      },
      (error) => {
        this.port.report(error, type)
        served.refuse('FAILED')
      },
    )
  }

  #takeEvent(entry: CompiledEntry | null, type: string, data: unknown, size: number): void {
    this.#arrive(
      entry,
      data,
      size,
      (validated) => {
        if (validated.issues === null) return new ArrivedEvent(type, validated.value, size)
        this.invalid(type, validated)
        if (this.settings.closesAtInvalidEvents) {
          this.#fail(POLICY, `Invalid message: ${type}`)
        }
        return null
      },
      (error) => {
        this.port.report(error, type)
        if (this.settings.closesAtInvalidEvents) this.#fail(INTERNAL_ERROR, '')
      },
    )
  }

  #takeId(id: number): boolean {
    const isNew = this.answers.take(id)
    if (!isNew) this.#fail(POLICY, 'The id of a request is used twice')
    return isNew
  }

  /** Validates, and shows the message when all before it have been shown. */
  #arrive(
    entry: CompiledEntry | null,
    data: unknown,
    size: number,
    toArrival: (validated: Validated) => Arrival | null,
    onError: (error: unknown) => void,
  ): void {
    let validated
    try {
      validated = validateData(entry, data, this.settings.validatesIncoming)
    } catch (error) {
      onError(error)
      return
    }
    if (!isPromise(validated) && this.#slots.length === 0) {
      this.#show(toArrival(validated), size)
      return
    }
    const slot: Slot = { arrival: null, size, isReady: false }
    this.#slots.push(slot)
    if (this.#slots.length > CAPACITY) this.#aheadBytes += size
    const ready = (arrival: Arrival | null): void => {
      slot.arrival = arrival
      slot.isReady = true
      this.#showReady()
    }
    Promise.resolve(validated).then(
      (settled) => ready(toArrival(settled)),
      (error: unknown) => {
        onError(error)
        ready(null)
      },
    )
  }

  #showReady(): void {
    for (let slot = this.#slots[0]; slot?.isReady === true; slot = this.#slots[0]) {
      this.#slots.shift()
      this.#show(slot.arrival, slot.size)
    }
    if (this.#slots.length === 0) this.#onSlotsEmpty?.()
    if (this.#mayTake()) this.#wake()
  }

  #show(arrival: Arrival | null, size: number): void {
    if (arrival === null) return
    if (this.incoming.isClosedForSend) {
      // The application has given up receiving: nobody answers.
      if ('refuse' in arrival) arrival.refuse('UNKNOWN')
      return
    }
    if (this.incoming.isFull) this.#aheadBytes += size
    this.incoming.offer(arrival, size)
  }

  #takeReserved(envelope: Envelope): void {
    const { type, id, data, code, items, issues } = envelope
    if (!RESERVED.has(type)) {
      this.unknownEvents++
      return
    }
    if (
      id === null ||
      (type === '.credit') !== (items !== null) ||
      (type === '.error') !== (code !== null)
    ) {
      this.#fail(INVALID_DATA, 'Not a message of the contract')
      return
    }
    if (type === '.item') {
      this.#takeItem(id, data)
      return
    }
    const isAnswered = this.#isOurs(id)
      ? this.#takeAnswer(type, this.asks.find(id), { data, code, items: items ?? 0, issues })
      : this.#takeRest(type, this.answers.find(id), items ?? 0)
    if (!isAnswered) this.#fail(POLICY, 'An answer to no request')
  }

  /** What belongs to a request of ours. @returns `false` for what cannot be so. */
  #takeAnswer(
    type: string,
    ask: Ask | null | undefined,
    {
      data,
      code,
      items,
      issues,
    }: {
      readonly data: unknown
      readonly code: string | null
      readonly items: number
      readonly issues: Envelope['issues']
    },
  ): boolean {
    // One that is settled was given up: its answer has crossed that.
    if (ask === null || ask === undefined) return ask === null
    if (type === '.error') {
      // `DISCONNECTED` is our own word.
      ask.refused(code === null || code === 'DISCONNECTED' ? 'FAILED' : code, data, issues)
      return true
    }
    if (type === '.credit') return ask.grant(items)
    if (type !== (ask.sink === null ? '.response' : '.end')) return false
    ask.answered(data)
    return true
  }

  /** What belongs to a request of the peer. @returns `false` for what cannot be so. */
  #takeRest(type: string, served: Served | null | undefined, items: number): boolean {
    if (served === null || served === undefined) return served === null && REST.has(type)
    if (type === '.cancel') served.cancel('it was cancelled')
    else if (type === '.end') served.endUpload()
    else return type === '.credit' && served.grant(items)
    return true
  }

  #takeItem(id: number, data: unknown): void {
    const owner = this.#isOurs(id) ? this.asks.find(id) : this.answers.find(id)
    if (owner === null) return
    const sink = owner !== undefined && 'sink' in owner ? owner.sink : owner
    if (sink?.receive(data) !== true) this.#fail(POLICY, 'An item without credit')
  }
}

const RESERVED: ReadonlySet<string> = new Set([
  '.response',
  '.error',
  '.item',
  '.end',
  '.credit',
  '.cancel',
])
const REST: ReadonlySet<string> = new Set(['.cancel', '.end', '.credit'])
