/**
 * What a node wants to hear from an engine, and what the engine has confirmed on the current
 * connection.
 */

import type { BrokerSink, EventPlace, LogTopic } from '../topics/index.ts'

/** What is delivered under one name of the engine. */
export type Wanted = WantedEvents | { readonly type: 'message'; readonly channel: string }

/** The events of a topic that is followed: one object for as long as it is followed. */
export interface WantedEvents {
  readonly type: 'event'
  readonly topic: LogTopic
}

/** A live event as an engine has delivered it. */
export interface LiveEvent {
  readonly place: EventPlace
  /** Belongs to the receiver. */
  readonly message: Uint8Array
}

/** How an engine names and delivers what is wanted. */
export interface Delivery<Payload> {
  /** The engine's name for what is wanted: a channel or a subject. */
  nameOf(wanted: Wanted): string
  /** The message in a payload. Belongs to the receiver. */
  messageIn(payload: Payload): Uint8Array
  /**
   * The event in a payload.
   *
   * @returns `null` for bytes of another program. If an event was lost with them, the next one
   *   shows the hole.
   */
  eventIn(payload: Payload, wanted: WantedEvents): LiveEvent | null
}

/** Wanted names, kept over connections. */
export class Subscriptions<Payload> {
  readonly #sink: BrokerSink
  readonly #delivery: Delivery<Payload>
  readonly #wanted = new Map<string, Wanted>()
  #missing = new Set<string>()

  constructor(sink: BrokerSink, delivery: Delivery<Payload>) {
    this.#sink = sink
    this.#delivery = delivery
  }

  /** @returns what is wanted under `name`; `undefined` for a name that is not wanted any more. */
  find(name: string): Wanted | undefined {
    return this.#wanted.get(name)
  }

  /** Adds a name. It is missing until `confirm`. @returns the name. */
  add(wanted: Wanted): string {
    const name = this.#delivery.nameOf(wanted)
    if (!this.#wanted.has(name)) this.#wanted.set(name, wanted)
    this.#missing.add(name)
    return name
  }

  /** @returns the name; `null` if it was not wanted. */
  remove(wanted: Wanted): string | null {
    const name = this.#delivery.nameOf(wanted)
    this.#missing.delete(name)
    return this.#wanted.delete(name) ? name : null
  }

  /** The engine has confirmed `name`. */
  confirm(name: string): void {
    this.#missing.delete(name)
  }

  /** A connection has begun: no name is confirmed. */
  reset(): void {
    this.#missing = new Set(this.#wanted.keys())
  }

  /** The next `count` names that are not confirmed, at most. */
  missing(count: number): string[] {
    const names: string[] = []
    for (const name of this.#missing) {
      if (names.length === count) break
      names.push(name)
    }
    return names
  }

  /** Passes what came under `name` to the sink. It is dropped if the name is not wanted. */
  heard(name: string, payload: Payload): void {
    const wanted = this.#wanted.get(name)
    if (wanted === undefined) return
    if (wanted.type === 'message') {
      this.#sink.message(wanted.channel, this.#delivery.messageIn(payload))
      return
    }
    const event = this.#delivery.eventIn(payload, wanted)
    if (event !== null) this.#sink.event(wanted.topic.name, event.place, event.message)
  }
}
