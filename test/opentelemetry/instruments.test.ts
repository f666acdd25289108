import {
  DataPointType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'

import { Instruments } from '../../src/opentelemetry/instruments.ts'
import type { Snapshot } from '../../src/operations/internal.ts'

/** Collects when a test asks for it. */
class Reader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

const SNAPSHOT: Snapshot = {
  sessions: [{ route: '/a', protocol: '', count: 3 }],
  totals: new Map([
    ['/a', { messages: { incoming: 5, outgoing: 6 }, bytes: { incoming: 50, outgoing: 60 } }],
  ]),
  queued: { incoming: 7, outgoing: 8 },
  statistics: {
    limitsReached: { maxFrameSize: 2 },
    framesDropped: { incoming: 0, outgoing: 4 },
  },
  budget: { used: 10, limit: 100 },
  topics: {
    kinds: [
      {
        kind: 'rooms/:room',
        topics: 2,
        subscriptions: 5,
        behind: 1,
        lag: 9,
        members: 4,
        published: 20,
        publishFailures: 1,
        delivered: 90,
        dropped: 3,
        gaps: { trimmed: 0, expired: 0, epoch: 0, lagging: 2, broker: 0 },
      },
    ],
    broker: { state: 'up', outages: 2, reconnects: 2 },
    limitsReached: { maxTopics: 6 },
  },
}

/** The points of each metric: its labels and its value, or the count of a histogram. */
function pointsOf({ scopeMetrics }: ResourceMetrics): Record<string, unknown[]> {
  const metrics = scopeMetrics.flatMap(({ metrics: each }) => each)
  return Object.fromEntries(
    metrics.map((metric) => [
      metric.descriptor.name,
      metric.dataPointType === DataPointType.HISTOGRAM
        ? metric.dataPoints.map(({ attributes, value }) => [attributes, value.count])
        : metric.dataPoints.map(({ attributes, value }) => [attributes, value]),
    ]),
  )
}

describe('Instruments', () => {
  it('D-09 reads gauges and sums once, when metrics are collected', async () => {
    const reader = new Reader()
    const instruments = new Instruments(new MeterProvider({ readers: [reader] }).getMeter('test'))
    let reads = 0
    instruments.readFrom(() => {
      reads++
      return SNAPSHOT
    })

    const points = pointsOf((await reader.collect()).resourceMetrics)

    expect(reads).toBe(1)
    expect(points).toMatchObject({
      'towpath.sessions.active': [
        [{ 'http.route': '/a', 'network.protocol.name': 'websocket' }, 3],
      ],
      'towpath.messages': [
        [{ 'http.route': '/a', 'network.io.direction': 'receive' }, 5],
        [{ 'http.route': '/a', 'network.io.direction': 'transmit' }, 6],
      ],
      'towpath.queued': [
        [{ 'network.io.direction': 'receive' }, 7],
        [{ 'network.io.direction': 'transmit' }, 8],
      ],
      'towpath.limits.reached': [[{ 'towpath.limit': 'maxFrameSize' }, 2]],
      'towpath.memory_budget': [
        [{ 'towpath.budget': 'used' }, 10],
        [{ 'towpath.budget': 'limit' }, 100],
      ],
    })
  })

  it('D-21 reads topics by kind, and their broker', async () => {
    const reader = new Reader()
    const instruments = new Instruments(new MeterProvider({ readers: [reader] }).getMeter('test'))
    instruments.readFrom(() => SNAPSHOT)

    const points = pointsOf((await reader.collect()).resourceMetrics)

    const kind = { 'towpath.topic.kind': 'rooms/:room' }
    expect(points).toMatchObject({
      'towpath.topics': [[kind, 2]],
      'towpath.topic.subscriptions': [[kind, 5]],
      'towpath.topic.subscriptions.behind': [[kind, 1]],
      'towpath.topic.lag': [[kind, 9]],
      'towpath.topic.members': [[kind, 4]],
      'towpath.topic.published': [[kind, 20]],
      'towpath.topic.publish.failures': [[kind, 1]],
      'towpath.topic.delivered': [[kind, 90]],
      'towpath.topic.dropped': [[kind, 3]],
      'towpath.topic.gaps': expect.arrayContaining([
        [{ ...kind, 'towpath.gap.reason': 'lagging' }, 2],
      ]),
      'towpath.topic.limits.reached': [[{ 'towpath.limit': 'maxTopics' }, 6]],
      'towpath.broker.up': [[{}, 1]],
      'towpath.broker.outages': [[{}, 2]],
      'towpath.broker.reconnects': [[{}, 2]],
    })
  })

  it('D-21 observes nothing of topics without the plugin', async () => {
    const reader = new Reader()
    const instruments = new Instruments(new MeterProvider({ readers: [reader] }).getMeter('test'))
    instruments.readFrom(() => ({ ...SNAPSHOT, topics: null }))

    const points = pointsOf((await reader.collect()).resourceMetrics)

    expect(Object.keys(points).filter((name) => /topic|broker/.test(name))).toEqual([])
  })

  it('records durations with the labels of the conventions for HTTP', async () => {
    const reader = new Reader()
    const instruments = new Instruments(new MeterProvider({ readers: [reader] }).getMeter('test'))
    const recorder = instruments.recorder()

    recorder.upgradeEnded(0.1, { route: '/a', status: 403, reason: 'origin' })
    recorder.sessionEnded(1, { route: '/a', code: '1000', initiator: 'remote' })
    recorder.pingAnswered(0.02)
    recorder.handlerFailed('/a')
    recorder.requestEnded(0.3, { side: 'served', type: 'get', failure: 'NOT_FOUND' })
    const points = pointsOf((await reader.collect()).resourceMetrics)

    expect(points).toMatchObject({
      'towpath.upgrade.duration': [
        [{ 'http.route': '/a', 'http.response.status_code': 403, 'error.type': 'origin' }, 1],
      ],
      'towpath.session.duration': [
        [
          {
            'http.route': '/a',
            'towpath.close.code': '1000',
            'towpath.close.initiator': 'remote',
          },
          1,
        ],
      ],
      'towpath.ping.duration': [[{}, 1]],
      'towpath.handler.failures': [[{ 'http.route': '/a' }, 1]],
      'towpath.request.duration': [
        [
          {
            'towpath.request.side': 'served',
            'towpath.message.type': 'get',
            'error.type': 'NOT_FOUND',
          },
          1,
        ],
      ],
    })
  })
})
