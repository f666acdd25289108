/** Check A7: deliveries for each second of the servers' CPU time. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { CPU, LOAD_CPU, RATE } from './metrics.mjs'

const LISTENERS = 1000
const IN_FLIGHT = 4
/** Events of one measurement of a second; the slowest server takes several. */
const EVENTS_PER_SECOND = 300
/** 400 000 deliveries: enough for a just-in-time compiler. */
const WARM_EVENTS = 400

const ONE = ['topics', 'uws-publish', 'ws-loop', 'socket.io-rooms', 'centrifugo']
const TWO = [
  'topics-redis',
  'topics-nats',
  'socket.io-redis',
  'socket.io-streams',
  'centrifugo-redis',
]

const measured = (name, title, servers) => ({
  name,
  title,
  explain:
    'One client publishes events of 100 bytes, four in flight. An event is done when each of 1 000 ' +
    'subscribers has received it, and, where the server acknowledges, the publisher has its answer. ' +
    'CPU is that of the nodes; the broker’s is in a column of its own. Towpath and Centrifugo store ' +
    'every event in a history; the others store none, but for the adapter with Redis streams.',
  start: startTopics,
  servers,
  reference: servers[0],
  metrics: [
    { ...CPU, title: 'µs CPU/delivery' },
    { ...RATE, title: 'deliveries/s' },
    { key: 'broker', title: 'broker, µs CPU/event', digits: 0, better: 'lower', ratio: false },
    { key: 'batch', title: 'events/read', digits: 2, better: 'higher', ratio: false },
    LOAD_CPU,
  ],
  cases: () => [{ name: '1-1000x100', title: '1 → 1 000, 100 bytes', measure }],
})

export const fanOut = measured('topics-fan-out', 'Topics on one node (A7)', ONE)
export const fanOutOfTwo = measured('topics-fan-out-2', 'Topics over two nodes (A7)', TWO)

async function measure(server, { core, seconds }) {
  const load = startTopicLoad(server, core, { connections: LISTENERS })
  try {
    await load.tell(`open ${LISTENERS}`)
    await load.tell('greet')
    await load.tell('speak')
    await load.tell(`run ${WARM_EVENTS} 0 ${IN_FLIGHT}`)
    const events = Math.ceil(EVENTS_PER_SECOND * seconds)
    const result = await load.tell(`run ${events} 0 ${IN_FLIGHT}`)
    return {
      cpu: result.nodesCpuNs / result.deliveries / 1000,
      rate: result.deliveries / result.seconds,
      broker: server.engine ? result.brokerCpuNs / events / 1000 : Number.NaN,
      batch: result.deliveries / result.reads,
      load: result.loadCpuShare * 100,
    }
  } finally {
    await load.end()
  }
}
