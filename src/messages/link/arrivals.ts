/**
 * What has arrived and waits for the application, and how much more is read.
 *
 * Answers are looked for past a full `incoming`, within a bound: two sides whose handlers ask each
 * other do not wait for each other for ever.
 */

import { Deferred } from '../../base/internal.ts'
import { BufferedChannel, type ChannelHooks } from '../../channels/internal.ts'
import type { LinkPort } from './port.ts'
import type { Served } from './served.ts'
import type { Turns } from './turns.ts'

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

const CAPACITY = 64
const MAX_BYTES = 1024 * 1024

/** The owner of an `incoming`. */
export interface IncomingReader {
  roomAgain(): void
  /** See `LinkPort.turn`. */
  turn(): Promise<void> | null
}

const HOOKS: ChannelHooks<Arrival, IncomingReader> = {
  onRoom: (reader) => reader.roomAgain(),
  onCancel: (reader) => reader.roomAgain(),
  onEndReceived: (reader) => reader.turn(),
}

/** The channel of what has arrived. */
export type IncomingMessages = BufferedChannel<Arrival, IncomingReader>

/** Makes an `incoming`. */
export function createIncoming(owner: IncomingReader): IncomingMessages {
  return new BufferedChannel({ capacity: CAPACITY, maxBytes: MAX_BYTES }, { owner, hooks: HOOKS })
}

/** What the arrivals ask of their link. */
export interface ArrivalsOwner {
  readonly port: Pick<LinkPort, 'turn'>
  readonly settings: { readonly readAhead: number }
  /** Whether what is held back may be what this side waits for. */
  readonly isExpecting: boolean
  /** Whether nothing may be read because the peer does not read its answers. */
  readonly isFlooded: boolean
}

/** Puts messages into `incoming`, and says how much more may be read. */
export class Arrivals implements IncomingReader {
  readonly incoming: IncomingMessages
  readonly #owner: ArrivalsOwner
  /**
   * Messages whose schema has not answered, and those behind them; `null`: there are no schemas.
   */
  turns: Pick<Turns, 'size'> | null = null
  #aheadBytes = 0
  #room: Deferred<void> | null = null
  /** Called when every message has been shown; `null`: more may arrive. */
  #onLast: (() => void) | null = null

  /** @param incoming of a connection, which outlives its sessions; absent: one is made. */
  constructor(owner: ArrivalsOwner, incoming?: IncomingMessages) {
    this.#owner = owner
    this.incoming = incoming ?? createIncoming(this)
  }

  /** Messages that wait for the application. */
  get unread(): number {
    return this.incoming.size + this.#late
  }

  /** Resolves when more may be read; `null`: it may. */
  get room(): Promise<void> | null {
    if (this.#mayRead) return null
    this.#room ??= new Deferred()
    return this.#room.promise
  }

  /** A message of `size` bytes is about to wait for a schema. */
  countAhead(size: number): void {
    if (this.#late >= CAPACITY) this.#aheadBytes += size
  }

  /** @param size of the message, in bytes. */
  show(arrival: Arrival, size: number): void {
    if (this.incoming.isClosedForSend) {
      // The application has cancelled `incoming`: no handler will answer.
      if ('refuse' in arrival) arrival.refuse('UNKNOWN')
      return
    }
    if (this.incoming.isFull) this.#aheadBytes += size
    this.incoming.offer(arrival, size)
  }

  /** `incoming` has room again, or is not read any more. */
  roomAgain(): void {
    this.#aheadBytes = 0
    this.wake()
  }

  turn(): Promise<void> | null {
    return this.#owner.port.turn()
  }

  /** Resolves `room` if more may be read now. */
  wake(): void {
    if (!this.#mayRead) return
    this.#room?.resolve()
    this.#room = null
  }

  /** No more will arrive. `onLast` is called when every message has been shown. */
  end(onLast: () => void): void {
    this.#onLast = onLast
    this.turnIsOver()
  }

  /** A schema has answered. */
  turnIsOver(): void {
    this.wake()
    if (this.#late === 0) this.#onLast?.()
  }

  /** Messages that wait for a schema. */
  get #late(): number {
    return this.turns === null ? 0 : this.turns.size
  }

  get #mayRead(): boolean {
    if (this.#onLast !== null) return true
    const { isFlooded, isExpecting, settings } = this.#owner
    if (isFlooded) return false
    if (this.incoming.isClosedForSend) return true
    if (!this.incoming.isFull && this.#late < CAPACITY) return true
    return isExpecting && this.#aheadBytes < settings.readAhead
  }
}
