/**
 * The metrics of an application as instruments of OpenTelemetry.
 */

import type * as Api from '@opentelemetry/api'

import {
  BUCKETS,
  DIRECTIONS,
  type MetricName,
  METRICS,
  type Recorder,
  type Snapshot,
} from '../operations/internal.ts'

const DIRECTION = 'network.io.direction'

/** OpenTelemetry's words for the directions of a session. */
const DIRECTION_NAMES = { incoming: 'receive', outgoing: 'transmit' } as const

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
    const meter = this.#meter
    const sessions = gauge(meter, METRICS.sessions)
    const queued = gauge(meter, METRICS.queued_bytes)
    const budget = gauge(meter, METRICS.memory_budget_bytes)
    const messages = sum(meter, METRICS.messages_total)
    const bytes = sum(meter, METRICS.bytes_total)
    const dropped = sum(meter, METRICS.frames_dropped_total)
    const limits = sum(meter, METRICS.limits_reached_total)
    const all = [sessions, queued, budget, messages, bytes, dropped, limits]
    meter.addBatchObservableCallback((result) => {
      const now = snapshot()
      for (const { route, protocol, count } of now.sessions) {
        const labels = { 'http.route': route, 'network.protocol.name': protocol || 'websocket' }
        result.observe(sessions, count, labels)
      }
      for (const direction of DIRECTIONS) {
        const label = { [DIRECTION]: DIRECTION_NAMES[direction] }
        result.observe(queued, now.queued[direction], label)
        result.observe(dropped, now.statistics.framesDropped[direction], label)
        for (const [route, totals] of now.totals) {
          const labels = { ...label, 'http.route': route }
          result.observe(messages, totals.messages[direction], labels)
          result.observe(bytes, totals.bytes[direction], labels)
        }
      }
      for (const [limit, count] of Object.entries(now.statistics.limitsReached)) {
        result.observe(limits, count, { 'towpath.limit': limit })
      }
      if (now.budget === null) return
      result.observe(budget, now.budget.used, { 'towpath.budget': 'used' })
      result.observe(budget, now.budget.limit, { 'towpath.budget': 'limit' })
    }, all)
  }

  #histogram({ dotted, description, unit }: MetricName, bounds: readonly number[]): Api.Histogram {
    const advice = { explicitBucketBoundaries: [...bounds] }
    return this.#meter.createHistogram(dotted, { description, unit, advice })
  }
}

function gauge(
  meter: Api.Meter,
  { dotted, description, unit }: MetricName,
): Api.ObservableUpDownCounter {
  return meter.createObservableUpDownCounter(dotted, { description, unit })
}

function sum(meter: Api.Meter, { dotted, description, unit }: MetricName): Api.ObservableCounter {
  return meter.createObservableCounter(dotted, { description, unit })
}
