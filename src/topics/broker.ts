/**
 * The interface between topics and a broker: a wire (at most once) and a log per topic.
 *
 * `topics/` owns the interface, `brokers/` implement it. A broker knows no session, no schema and
 * no permission. It moves opaque bytes, numbers them in logs, and says when it cannot.
 *
 * Contract for all methods: channels and topic names are opaque strings of valid Unicode. A broker
 * encodes them so that no name can address anything but itself, and prefixes them with the
 * namespace.
 */

import type { Environment } from '../base/internal.ts'

/** How a kind of topic is kept. The same object is handed to every call that concerns the kind. */
export interface LogKind {
  /** Names the kind in all processes: its pattern, such as `rooms/:room`. */
  readonly id: string
  /** How many of the newest events of one topic are kept at least; 1 or above. */
  readonly size: number
  /**
   * How long an event is kept at least, in milliseconds; 60 000 or above. It may be kept longer.
   */
  readonly ageMs: number
  /** For how long the identity of an append is remembered, in milliseconds; at most `ageMs`. */
  readonly dedupeMs: number
}

/** A topic with a log. Its `name` is its identity: the objects of two calls may differ. */
export interface LogTopic {
  /** Unique in the namespace, over all kinds; at most 255 bytes of UTF-8. */
  readonly name: string
  readonly kind: LogKind
}

/** The newest event of a log. */
export interface Head {
  /**
   * Names one life of the log: 1 to 64 letters, digits, `-` and `_`. It changes when events that
   * were acknowledged may be lost. Offsets of two epochs cannot be compared.
   */
  readonly epoch: string
  /** The offset of the newest event; 0 when there has been none. Below 2^53. */
  readonly offset: number
}

/** Where an event stands in its log. */
export interface EventPlace extends Head {
  /**
   * The offset of the event before this one in the same log; 0 when this one is the first, or when
   * the event before has been trimmed. Offsets grow, and need not grow by 1.
   */
  readonly previous: number
}

/**
 * Makes an append idempotent: the second append of the same identity within `dedupeMs` stores
 * nothing.
 */
export type AppendIdentity =
  | { readonly id: string }
  /**
   * `sequence` grows by 1 within a lane and topic, and by more where an append was given up. An
   * append whose sequence is not above the highest one that is stored is never stored. 1 or above.
   */
  | { readonly lane: string; readonly sequence: number }

/** The result of an append. */
export interface Appended {
  readonly epoch: string
  /** The offset of the event; `null` for a duplicate whose offset the broker does not remember. */
  readonly offset: number | null
  /**
   * Whether an earlier append of the same identity has stored the event. `'unknown'`: nothing was
   * stored now, because a later append of the lane is stored, and the broker does not remember
   * whether this one is stored too. An append that the broker refused is never `true`.
   */
  readonly duplicate: boolean | 'unknown'
}

/** How much `read` returns at most. */
export interface ReadLimit {
  /** 1 or above. */
  readonly events: number
  /** Sum of the sizes of the messages. The first event is returned whatever its size. */
  readonly bytes: number
}

/** An event as it is stored. */
export interface StoredEvent {
  readonly offset: number
  /** Belongs to the receiver. */
  readonly message: Uint8Array
}

/** A page of a log. */
export interface LogPage {
  readonly epoch: string
  /** The newest offset of the log at the time of the read. */
  readonly head: number
  /** In order of offsets, all above `after`, without a hole between them; empty at the head. */
  readonly events: readonly StoredEvent[]
  /**
   * Whether every event after `after` and before the first of `events` (or up to `head`, when
   * `events` is empty) is known to have never existed: `false` when some were trimmed, `'unknown'`
   * when the broker cannot tell.
   */
  readonly complete: boolean | 'unknown'
}

/** Whether a broker can be used. */
export type BrokerState =
  | { readonly state: 'connecting' }
  | { readonly state: 'up' }
  | {
      readonly state: 'down'
      /** When the connection was lost, on the clock of the environment. */
      readonly since: number
      /** What ended the connection; `null` when the broker only fell silent. */
      readonly cause: unknown
    }
  | { readonly state: 'closed' }

/**
 * What a broker reports to its node. No method throws. A broker may call them from inside any of
 * its own methods.
 */
export interface BrokerSink {
  /**
   * A message on a channel that is listened to. Messages of one sender on one channel come in the
   * order in which they were sent. The sender's own come too. `message` belongs to the receiver.
   */
  message(channel: string, message: Uint8Array): void

  /**
   * An event of a topic that is followed, as soon as it is stored. Live events of a topic come in
   * order of offsets as a rule. Some may be missing (the receiver sees that at `previous`), and one
   * may come twice. Events may come before `follow` has resolved. `message` belongs to the
   * receiver.
   */
  event(topic: string, place: EventPlace, message: Uint8Array): void

  /**
   * The state has changed. `down` comes at most 10 s after the last sign of life of the broker,
   * also when the connection is half-open. `up` comes after all channels and topics are listened to
   * and followed again: at that moment the receiver compares heads. It never comes after `closed`.
   */
  state(state: BrokerState): void
}

/** Options of `Broker.open`. */
export interface BrokerOptions {
  /** Separates installations that share one engine: 1 to 64 letters, digits, `-` and `_`. */
  readonly namespace: string
  /** Names this node among all nodes of the namespace: letters, digits, `-` and `_`. */
  readonly nodeId: string
  /** Time, randomness and the event loop. Brokers set all timers on `environment.timers`. */
  readonly environment: Environment
}

/**
 * A broker: how the nodes of one application reach each other.
 *
 * While the broker is down, methods that return a promise reject with `BrokerUnavailableError` at
 * once. They never wait for the broker to return. A request whose answer does not come rejects at
 * the moment when the state becomes `down`. After `close` every method rejects or throws with the
 * same error.
 */
export interface Broker {
  /**
   * How many appends to one topic may be under way at a time: `Infinity` when appends that are made
   * without waiting are stored in the order of the calls, 1 when the caller has to wait for each.
   */
  readonly appendsInFlight: number

  /** Whether each offset is the one before it plus 1 (`dense`), or may be more (`sparse`). */
  readonly offsets: 'dense' | 'sparse'

  /**
   * Connects. Called once, before all others. Keeps trying while the engine cannot be reached, and
   * tells the states meanwhile.
   *
   * @returns resolves when the broker is usable for the first time, or has been closed before that;
   *   rejects if another attempt cannot succeed, for example because the engine is too old.
   */
  open(sink: BrokerSink, options: BrokerOptions): Promise<void>

  /** Ends the connection and every timer. Never rejects; idempotent. */
  close(): Promise<void>

  /**
   * Delivers what is sent on `channel` from now on. Idempotent. A channel is listened to again
   * after a reconnect, also when this promise was rejected because the broker went down meanwhile.
   *
   * @returns resolves when the engine has confirmed the subscription.
   */
  listen(channel: string): Promise<void>

  /** Stops listening to `channel`. Never throws; idempotent. */
  unlisten(channel: string): void

  /**
   * Sends a message to every node that listens to `channel`, this one included, at most once.
   * `message` must not be changed afterwards.
   *
   * @throws {BrokerUnavailableError} while the broker is down.
   */
  send(channel: string, message: Uint8Array): void

  /**
   * Resolves when everything that was sent before has reached the engine; rejects when it may not
   * have.
   */
  flush(): Promise<void>

  /**
   * Creates or verifies what the engine needs for a kind. Called before any other method sees the
   * kind; idempotent. If the engine needs nothing, it also resolves while the broker is down.
   */
  prepare(kind: LogKind): Promise<void>

  /**
   * Delivers the events of `topic` from now on. Idempotent. A topic is followed again after a
   * reconnect, also when this promise was rejected because the broker went down meanwhile.
   *
   * @returns the head of the log, read after the engine has confirmed the subscription: events
   *   that are stored later are delivered, unless the engine loses a message.
   */
  follow(topic: LogTopic): Promise<Head>

  /** Stops following `topic`. Never throws; idempotent. */
  unfollow(topic: LogTopic): void

  /**
   * Stores an event. Resolves when the engine would not lose it by losing one process. `message`
   * must not be changed afterwards.
   *
   * The order of checks: a duplicate first, then `expect`.
   *
   * @param expect the position that the log must still have. An epoch other than the log's own
   *   refuses.
   * @throws (by rejecting) {BrokerUnavailableError} when nothing was stored;
   *   {PublishUncertainError} when the event was sent and the connection ended before the answer:
   *   append it again with the same identity; {ExpectationFailedError} when `expect` does not hold;
   *   {PublishRefusedError} with `reason: 'size'` when the engine refuses the size.
   */
  append(
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended>

  /**
   * Reads events after an offset, oldest first. An `after` above the head returns no events.
   *
   * @param after an offset of the current epoch; 0 reads from the beginning of what is kept.
   */
  read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage>

  /** The heads of several topics, in the order of `topics`. */
  heads(topics: readonly LogTopic[]): Promise<readonly Head[]>
}
