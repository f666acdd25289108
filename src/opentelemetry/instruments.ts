/**
 * The metrics of an application as instruments of OpenTelemetry.
 */

import type * as Api from '@opentelemetry/api'

import {
  BUCKETS,
  DIRECTIONS,
  KIND_GAUGES,
  KIND_SUMS,
  type MetricName,
  METRICS,
  type Recorder,
  type Snapshot,
} from '../operations/internal.ts'

const DIRECTION = 'network.io.direction'

/** OpenTelemetry's words for the directions of a session. */
const DIRECTION_NAMES = { incoming: 'receive', outgoing: 'transmit' } as const

const KIND = 'towpath.topic.kind'

type KindField = (typeof KIND_GAUGES | typeof KIND_SUMS)[number][1]

type Observe = (value: number, labels: Api.Attributes) => void

/** An instrument, and how its values are read from a snapshot. */
interface Reader {
  readonly instrument: Api.Observable
  readonly read: (snapshot: Snapshot, observe: Observe) => void
}

/** The instruments of one application. */
export class Instruments {
  readonly #meter: Api.Meter

  constructor(meter: Api.Meter) {
    this.#meter = meter
  }

  /** Creates the instruments that are recorded as things happen. */
  recorder(): Recorder {
    const sessions = this.#histogram(METRICS.session_duration_seconds, BUCKETS.session)
    const upgrades = this.#histogram(METRICS.upgrade_duration_seconds, BUCKETS.upgrade)
    const pings = this.#histogram(METRICS.ping_rtt_seconds, BUCKETS.ping)
    const requests = this.#histogram(METRICS.request_duration_seconds, BUCKETS.request)
    const { dotted, description, unit } = METRICS.handler_failures_total
    const failures = this.#meter.createCounter(dotted, { description, unit })
    return {
      sessionEnded: (seconds, { route, code, initiator }) =>
        sessions.record(seconds, {
          'http.route': route,
          'towpath.close.code': code,
          'towpath.close.initiator': initiator,
        }),
      upgradeEnded: (seconds, { route, status, reason }) =>
        upgrades.record(seconds, {
          'http.route': route,
          'http.response.status_code': status,
          ...(reason === 'accepted' ? {} : { 'error.type': reason }),
        }),
      pingAnswered: (seconds) => pings.record(seconds),
      handlerFailed: (route) => failures.add(1, { 'http.route': route }),
      requestEnded: (seconds, { side, type, failure }) =>
        requests.record(seconds, {
          'towpath.request.side': side,
          'towpath.message.type': type,
          ...(failure === 'none' ? {} : { 'error.type': failure }),
        }),
    }
  }

  /** Creates the instruments that are read when metrics are collected, all in one pass. */
  readFrom(snapshot: () => Snapshot): void {
    const readers = [...this.#sessions(), ...this.#topics()]
    this.#meter.addBatchObservableCallback(
      (result) => {
        const now = snapshot()
        for (const { instrument, read } of readers) {
          read(now, (value, labels) => result.observe(instrument, value, labels))
        }
      },
      readers.map(({ instrument }) => instrument),
    )
  }

  /** Sessions, traffic and limits of an application. */
  #sessions(): Reader[] {
    return [
      this.#gauge(METRICS.sessions, ({ sessions }, observe) => {
        for (const { route, protocol, count } of sessions) {
          observe(count, {
            'http.route': route,
            'network.protocol.name': protocol || 'websocket',
          })
        }
      }),
      this.#gauge(METRICS.queued_bytes, ({ queued }, observe) => {
        for (const direction of DIRECTIONS) observe(queued[direction], labelOf(direction))
      }),
      this.#gauge(METRICS.memory_budget_bytes, ({ budget }, observe) => {
        if (budget === null) return
        observe(budget.used, { 'towpath.budget': 'used' })
        observe(budget.limit, { 'towpath.budget': 'limit' })
      }),
      this.#sum(METRICS.messages_total, ({ totals }, observe) => {
        for (const [route, { messages }] of totals) observeBoth(observe, messages, route)
      }),
      this.#sum(METRICS.bytes_total, ({ totals }, observe) => {
        for (const [route, { bytes }] of totals) observeBoth(observe, bytes, route)
      }),
      this.#sum(METRICS.frames_dropped_total, ({ statistics: { framesDropped } }, observe) => {
        for (const direction of DIRECTIONS) observe(framesDropped[direction], labelOf(direction))
      }),
      this.#sum(METRICS.limits_reached_total, ({ statistics: { limitsReached } }, observe) =>
        observeLimits(observe, limitsReached),
      ),
    ]
  }

  /** Topics by kind, and their broker. Without the plugin `Topics` nothing is observed. */
  #topics(): Reader[] {
    const byKind = (field: KindField): Reader['read'] => {
      return ({ topics }, observe) => {
        for (const each of topics?.kinds ?? []) observe(each[field], { [KIND]: each.kind })
      }
    }
    return [
      ...KIND_GAUGES.map(([name, field]) => this.#gauge(METRICS[name], byKind(field))),
      ...KIND_SUMS.map(([name, field]) => this.#sum(METRICS[name], byKind(field))),
      this.#sum(METRICS.topic_gaps_total, ({ topics }, observe) => {
        for (const { kind, gaps } of topics?.kinds ?? []) {
          for (const [reason, count] of Object.entries(gaps)) {
            observe(count, { [KIND]: kind, 'towpath.gap.reason': reason })
          }
        }
      }),
      this.#sum(METRICS.topic_limits_reached_total, ({ topics }, observe) =>
        observeLimits(observe, topics?.limitsReached ?? {}),
      ),
      this.#gauge(METRICS.broker_up, ({ topics }, observe) => {
        if (topics !== null) observe(topics.broker.state === 'up' ? 1 : 0, {})
      }),
      this.#sum(METRICS.broker_outages_total, ({ topics }, observe) => {
        if (topics !== null) observe(topics.broker.outages, {})
      }),
      this.#sum(METRICS.broker_reconnects_total, ({ topics }, observe) => {
        if (topics !== null) observe(topics.broker.reconnects, {})
      }),
    ]
  }

  #gauge({ dotted, description, unit }: MetricName, read: Reader['read']): Reader {
    const instrument = this.#meter.createObservableUpDownCounter(dotted, { description, unit })
    return { instrument, read }
  }

  #sum({ dotted, description, unit }: MetricName, read: Reader['read']): Reader {
    const instrument = this.#meter.createObservableCounter(dotted, { description, unit })
    return { instrument, read }
  }

  #histogram({ dotted, description, unit }: MetricName, bounds: readonly number[]): Api.Histogram {
    const advice = { explicitBucketBoundaries: [...bounds] }
    return this.#meter.createHistogram(dotted, { description, unit, advice })
  }
}

function labelOf(direction: (typeof DIRECTIONS)[number]): Api.Attributes {
  return { [DIRECTION]: DIRECTION_NAMES[direction] }
}

function observeBoth(
  observe: Observe,
  values: { readonly incoming: number; readonly outgoing: number },
  route: string,
): void {
  for (const direction of DIRECTIONS) {
    observe(values[direction], { ...labelOf(direction), 'http.route': route })
  }
}

function observeLimits(observe: Observe, limits: Readonly<Record<string, number>>): void {
  for (const [limit, count] of Object.entries(limits)) observe(count, { 'towpath.limit': limit })
}
