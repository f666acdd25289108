/**
 * What a broker brings to the suites: how its engine is reached, and how it is broken.
 */

import type { Environment } from '../../../src/base/internal.ts'
import type {
  Broker,
  BrokerSink,
  BrokerState,
  EventPlace,
  LogKind,
  LogTopic,
} from '../../../src/topics/index.ts'

/** One engine, with its faults. Every fault resolves when it is in effect. */
export interface BrokerHarness {
  /** The world of the nodes: of virtual time where the engine allows it. */
  readonly environment: Environment

  /** A broker for one more node, not yet opened. */
  readonly create: () => Broker

  /**
   * Waits for `promise`. In virtual time, the clock advances meanwhile, by a minute at most. In
   * real time, this only awaits the promise.
   */
  readonly settle: <T>(promise: Promise<T>) => Promise<T>

  /** Lets `ms` milliseconds pass, in the time of the harness. */
  readonly pass: (ms: number) => Promise<void>

  /** Cuts the line between one broker and the engine; `isSilent`: packets vanish. */
  readonly cut: (broker: Broker, isSilent: boolean) => Promise<void>

  /** Ends the cut. */
  readonly mend: (broker: Broker) => Promise<void>

  /** Stops the engine (kill -9) and starts it again, with all data that was acknowledged. */
  readonly restart: () => Promise<void>

  /** The same, but the engine lacks the newest `events` of every topic, or everything. */
  readonly restartWithLoss: (events: number) => Promise<void>

  /** Freezes the engine (SIGSTOP). */
  readonly pause: () => Promise<void>

  /** Ends the pause. */
  readonly resume: () => Promise<void>

  /** Ends what the harness has begun. Brokers have been closed before. */
  readonly end: () => Promise<void>
}

/** A suite for one broker. */
export interface BrokerUnderTest {
  readonly name: string
  readonly createHarness: () => Promise<BrokerHarness> | BrokerHarness
  /** Sentences that the broker cannot keep, by their prefix (`T-20`), with the reason. */
  readonly skip?: Readonly<Record<string, string>>
}

/** Records the calls of a sink, and waits for more. */
export class RecordingSink implements BrokerSink {
  readonly states: BrokerState[] = []
  readonly events: Array<{ topic: string; place: EventPlace; message: Uint8Array }> = []
  readonly messages: Array<{ channel: string; message: Uint8Array }> = []
  readonly #waiting = new Set<() => void>()

  event(topic: string, place: EventPlace, message: Uint8Array): void {
    this.events.push({ topic, place, message })
    this.#changed()
  }

  message(channel: string, message: Uint8Array): void {
    this.messages.push({ channel, message })
    this.#changed()
  }

  state(state: BrokerState): void {
    this.states.push(state)
    this.#changed()
  }

  /** The texts of the events of `topic`, in the order in which they came. */
  textsOf(topic: string): string[] {
    return this.events.filter((event) => event.topic === topic).map(({ message }) => text(message))
  }

  /** Resolves when `isSo` returns true. It is called now, and after each call of the sink. */
  until(isSo: (sink: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isSo(this)) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Resolves when the newest state is `state`. */
  untilState(state: BrokerState['state']): Promise<void> {
    return this.until(({ states }) => states.at(-1)?.state === state)
  }

  #changed(): void {
    for (const check of this.#waiting) check()
  }
}

export const KIND: LogKind = {
  id: 'rooms/:room',
  size: 100,
  ageMs: 600_000,
  dedupeMs: 120_000,
}

export const SMALL_KIND: LogKind = { id: 'small/:name', size: 5, ageMs: 600_000, dedupeMs: 120_000 }

/** A topic of `KIND`, or of another kind. */
export function topicOf(name: string, kind: LogKind = KIND): LogTopic {
  return { name, kind }
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value)
}
