/**
 * The plugin `PrometheusMetrics`: the metrics of an application in a registry of prom-client.
 */

import type * as PromClient from 'prom-client'

import { definePlugin, type Plugin } from '../application/index.ts'
import {
  BUCKETS,
  DIRECTIONS,
  KIND_GAUGES,
  KIND_SUMS,
  type MetricKey,
  METRICS,
  Observation,
  readCloseCodes,
  type Recorder,
  type Snapshot,
} from '../operations/internal.ts'
import { loadPackage } from '../packages/index.ts'

/** The options of `PrometheusMetrics`. */
export interface PrometheusMetricsOptions {
  /** Where the metrics are registered. @defaultValue the global `register` of prom-client */
  readonly registry?: PromClient.Registry

  /**
   * The beginning of all names. Two applications that share a registry need different prefixes.
   *
   * @defaultValue 'towpath_'
   */
  readonly prefix?: string

  /**
   * Close codes from 3000 to 4999 that get a label of their own, at most 100. Other codes are
   * counted as `3xxx` and `4xxx`.
   *
   * @defaultValue none
   */
  readonly closeCodes?: readonly number[]
}

/** What `app.install(PrometheusMetrics)` returns. */
export interface PrometheusMetricsInstance {
  /** The registry that has the metrics: answer a scrape with `await registry.metrics()`. */
  readonly registry: PromClient.Registry
}

const ACT = 'install PrometheusMetrics'

/** How prom-client adds up the values of workers. @defaultValue their sum */
const AGGREGATORS: Readonly<Partial<Record<MetricKey, PromClient.Aggregator>>> = {
  topic_lag_events: 'max',
  broker_up: 'min',
}

/**
 * Registers the metrics of an application. Gauges and the counters of traffic are read when the
 * registry is scraped. Needs the package `prom-client`.
 *
 * @example
 * const { registry } = app.install(PrometheusMetrics)
 * createServer(async (_, response) => {
 *   response.setHeader('content-type', registry.contentType)
 *   response.end(await registry.metrics())
 * }).listen(9464, '127.0.0.1')
 */
export const PrometheusMetrics: Plugin<PrometheusMetricsOptions, PrometheusMetricsInstance> =
  definePlugin<PrometheusMetricsOptions, PrometheusMetricsInstance>({
    name: 'PrometheusMetrics',
    optionNames: ['registry', 'prefix', 'closeCodes'],
    install(app, options) {
      const client = loadPackage(ACT, 'prom-client', '^15.1.0') as typeof PromClient
      const prefix = readPrefix(options.prefix)
      const closeCodes = readCloseCodes(ACT, options.closeCodes)
      const registry = options.registry ?? client.register
      const metrics = new Metrics(client, registry, prefix)
      const observation = new Observation(app, closeCodes, metrics.recorder())
      metrics.readFrom(() => observation.snapshot())
      return { registry }
    },
  })

function readPrefix(prefix: unknown = 'towpath_'): string {
  if (typeof prefix === 'string' && /^[a-zA-Z_:][\w:]*$/.test(prefix)) return prefix
  throw new TypeError(
    `Cannot ${ACT}: option "prefix" is invalid, expected a letter or "_", then letters, digits or "_"`,
  )
}

/** The metrics of one application. */
class Metrics {
  readonly #client: typeof PromClient
  readonly #registry: PromClient.Registry
  readonly #prefix: string

  constructor(client: typeof PromClient, registry: PromClient.Registry, prefix: string) {
    this.#client = client
    this.#registry = registry
    this.#prefix = prefix
  }

  /** Registers the metrics that are read from a snapshot during a scrape. */
  readFrom(snapshot: () => Snapshot): void {
    const current = onceATurn(snapshot)
    this.#gauges(current)
    this.#totals(current)
    this.#kinds(current)
    this.#broker(current)
  }

  /** Metrics of the moment. */
  #gauges(current: () => Snapshot): void {
    this.#gauge('sessions', ['route', 'protocol'], current, (gauge, { sessions }) => {
      for (const { route, protocol, count } of sessions) gauge.set({ route, protocol }, count)
    })
    this.#gauge('queued_bytes', ['direction'], current, (gauge, { queued }) => {
      for (const direction of DIRECTIONS) gauge.set({ direction }, queued[direction])
    })
    this.#gauge('memory_budget_bytes', ['kind'], current, (gauge, { budget }) => {
      if (budget === null) return
      gauge.set({ kind: 'used' }, budget.used)
      gauge.set({ kind: 'limit' }, budget.limit)
    })
  }

  /** Sums that only grow, and that the application keeps. */
  #totals(current: () => Snapshot): void {
    this.#sum('messages_total', ['route', 'direction'], current, (counter, { totals }) => {
      for (const [route, { messages }] of totals) {
        for (const direction of DIRECTIONS) counter.inc({ route, direction }, messages[direction])
      }
    })
    this.#sum('bytes_total', ['route', 'direction'], current, (counter, { totals }) => {
      for (const [route, { bytes }] of totals) {
        for (const direction of DIRECTIONS) counter.inc({ route, direction }, bytes[direction])
      }
    })
    this.#sum('frames_dropped_total', ['direction'], current, (counter, { statistics }) => {
      const { framesDropped } = statistics
      for (const direction of DIRECTIONS) counter.inc({ direction }, framesDropped[direction])
    })
    this.#sum('limits_reached_total', ['limit'], current, (counter, { statistics }) => {
      const { limitsReached } = statistics
      for (const [limit, count] of Object.entries(limitsReached)) counter.inc({ limit }, count)
    })
  }

  /** Metrics of topics, by kind. Without the plugin `Topics` they have no values. */
  #kinds(current: () => Snapshot): void {
    for (const [name, field] of KIND_GAUGES) {
      this.#gauge(name, ['kind'], current, (gauge, { topics }) => {
        for (const each of topics?.kinds ?? []) gauge.set({ kind: each.kind }, each[field])
      })
    }
    for (const [name, field] of KIND_SUMS) {
      this.#sum(name, ['kind'], current, (counter, { topics }) => {
        for (const each of topics?.kinds ?? []) counter.inc({ kind: each.kind }, each[field])
      })
    }
    this.#sum('topic_gaps_total', ['kind', 'reason'], current, (counter, { topics }) => {
      for (const { kind, gaps } of topics?.kinds ?? []) {
        for (const [reason, count] of Object.entries(gaps)) counter.inc({ kind, reason }, count)
      }
    })
  }

  /** Metrics of the broker of topics, and of the limits of topics. */
  #broker(current: () => Snapshot): void {
    this.#gauge('broker_up', [], current, (gauge, { topics }) => {
      // 0 would say that there is a broker.
      if (topics === null) gauge.remove()
      else gauge.set(topics.broker.state === 'up' ? 1 : 0)
    })
    this.#sum('broker_outages_total', [], current, (counter, { topics }) => {
      counter.inc(topics?.broker.outages ?? 0)
    })
    this.#sum('broker_reconnects_total', [], current, (counter, { topics }) => {
      counter.inc(topics?.broker.reconnects ?? 0)
    })
    this.#sum('topic_limits_reached_total', ['limit'], current, (counter, { topics }) => {
      for (const [limit, count] of Object.entries(topics?.limitsReached ?? {})) {
        counter.inc({ limit }, count)
      }
    })
  }

  /** Registers the metrics that are recorded as things happen. */
  recorder(): Recorder {
    const sessions = this.#histogram('session_duration_seconds', BUCKETS.session, [
      'route',
      'code',
      'initiator',
    ])
    const upgradeLabels = ['route', 'status', 'reason']
    const upgrades = this.#counter('upgrades_total', upgradeLabels)
    const upgradeTimes = this.#histogram('upgrade_duration_seconds', BUCKETS.upgrade, upgradeLabels)
    const pings = this.#histogram('ping_rtt_seconds', BUCKETS.ping, [])
    const failures = this.#counter('handler_failures_total', ['route'])
    const requestLabels = ['side', 'type', 'failure']
    const requests = this.#counter('requests_total', requestLabels)
    const requestTimes = this.#histogram('request_duration_seconds', BUCKETS.request, requestLabels)
    return {
      sessionEnded: (seconds, of) => sessions.observe({ ...of }, seconds),
      upgradeEnded: (seconds, of) => {
        upgrades.inc({ ...of })
        upgradeTimes.observe({ ...of }, seconds)
      },
      pingAnswered: (seconds) => pings.observe(seconds),
      handlerFailed: (route) => failures.inc({ route }),
      requestEnded: (seconds, of) => {
        requests.inc({ ...of })
        requestTimes.observe({ ...of }, seconds)
      },
    }
  }

  #gauge(
    name: MetricKey,
    labelNames: readonly string[],
    current: () => Snapshot,
    read: (gauge: PromClient.Gauge, snapshot: Snapshot) => void,
  ): void {
    const gauge: PromClient.Gauge = new this.#client.Gauge({
      ...this.#base(name, labelNames),
      collect: () => {
        gauge.reset()
        read(gauge, current())
      },
    })
  }

  #sum(
    name: MetricKey,
    labelNames: readonly string[],
    current: () => Snapshot,
    read: (counter: PromClient.Counter, snapshot: Snapshot) => void,
  ): void {
    const counter: PromClient.Counter = new this.#client.Counter({
      ...this.#base(name, labelNames),
      collect: () => {
        counter.reset()
        read(counter, current())
      },
    })
  }

  #counter(name: MetricKey, labelNames: readonly string[]): PromClient.Counter {
    return new this.#client.Counter(this.#base(name, labelNames))
  }

  #histogram(
    name: MetricKey,
    buckets: readonly number[],
    labelNames: readonly string[],
  ): PromClient.Histogram {
    return new this.#client.Histogram({
      ...this.#base(name, labelNames),
      buckets: [...buckets],
    })
  }

  #base(name: MetricKey, labelNames: readonly string[]) {
    return {
      name: `${this.#prefix}${name}`,
      help: METRICS[name].description,
      labelNames: [...labelNames],
      registers: [this.#registry],
      aggregator: AGGREGATORS[name] ?? 'sum',
    }
  }
}

/** The metrics of one scrape are collected in one turn, each by itself: they share one pass. */
function onceATurn(read: () => Snapshot): () => Snapshot {
  let snapshot: Snapshot | null = null
  return () => {
    if (snapshot === null) {
      snapshot = read()
      queueMicrotask(() => (snapshot = null))
    }
    return snapshot
  }
}
