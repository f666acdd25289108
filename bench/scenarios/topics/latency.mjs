/** Check A6: how long an event takes to its subscribers. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { LOAD_CPU } from './metrics.mjs'

const LISTENERS = 1000
const RATE = 50
const WARM_EVENTS = 50

export const latency = {
  name: 'topics-latency',
  title: 'Latency of events (A6)',
  explain:
    'One client publishes 50 events of 100 bytes each second to 1 000 subscribers, on one node or ' +
    'spread over two. The time begins when the event is due, so that an event that is published ' +
    'late counts as late. It ends when the event arrives at the socket of the subscriber, by the ' +
    'clock of the kernel. “Until read” ends when the load generator has read the event, which is one ' +
    'process for all subscribers. A publisher with 32 unanswered publishes waits. Every delivery is ' +
    'checked.',
  start: startTopics,
  reference: 'topics',
  servers: [
    'topics',
    'topics-redis',
    'topics-nats',
    'uws-publish',
    'socket.io-rooms',
    'socket.io-redis',
    'socket.io-streams',
    'centrifugo',
    'centrifugo-redis',
  ],
  metrics: [
    { key: 'deliveries', title: 'deliveries', digits: 0, better: 'higher', ratio: false },
    { key: 'p50', title: 'p50 ms', digits: 2, better: 'lower', ratio: false },
    { key: 'p99', title: 'p99 ms', digits: 2, better: 'lower', ratio: true },
    { key: 'max', title: 'max ms', digits: 1, better: 'lower', ratio: false },
    { key: 'read', title: 'p99 ms until read', digits: 2, better: 'lower', ratio: false },
    { key: 'cpu', title: 'µs CPU/delivery', digits: 2, better: 'lower', ratio: false },
    LOAD_CPU,
  ],
  cases: () => [{ name: '1-1000x50', title: '1 → 1 000, 50 events/s', measure }],
}

async function measure(server, { core, seconds }) {
  const load = startTopicLoad(server, core, { connections: LISTENERS, stamped: 'yes' })
  try {
    await load.tell(`open ${LISTENERS}`)
    await load.tell('greet')
    await load.tell('speak')
    await load.tell(`run ${WARM_EVENTS} ${RATE * 4} 0`)
    const result = await load.tell(`run ${Math.ceil(2 * RATE * seconds)} ${RATE} 0`)
    return {
      deliveries: result.deliveries,
      p50: result.latencyNs.p50 / 1e6,
      p99: result.latencyNs.p99 / 1e6,
      max: result.latencyNs.max / 1e6,
      read: result.untilReadNs.p99 / 1e6,
      cpu: result.nodesCpuNs / result.deliveries / 1000,
      load: result.loadCpuShare * 100,
    }
  } finally {
    await load.end()
  }
}
