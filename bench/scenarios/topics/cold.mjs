/** The floor of check A5: many subscribers that are rarely sent to, on one node, beside uWebSockets.js. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { LOAD_CPU } from './metrics.mjs'

/** A process may have 20 000 files here. */
const LISTENERS = 15_000
const WARM_EVENTS = 10

export const cold = {
  name: 'topics-cold',
  title: 'One node, 15 000 subscribers, one event each second (A5)',
  explain:
    'One client publishes an event of 100 bytes each second. Between two events the sockets of the ' +
    'subscribers have left the caches of the processor, in the process and in the kernel. ' +
    'uWebSockets.js shows what such a delivery costs at least.',
  start: startTopics,
  servers: ['topics', 'uws-publish'],
  reference: 'topics',
  fresh: true,
  maxRounds: 2,
  metrics: [
    { key: 'cpu', title: 'µs CPU/delivery', digits: 2, better: 'lower', ratio: true },
    { key: 'p99', title: 'p99 ms', digits: 0, better: 'lower', ratio: true },
    LOAD_CPU,
  ],
  cases: () => [{ name: '1-15000', title: '1 → 15 000, 1 event/s', measure }],
}

async function measure(server, { core, seconds }) {
  const load = startTopicLoad(server, core, { connections: LISTENERS, stamped: 'yes' })
  try {
    await load.tell(`arrive ${LISTENERS}`)
    await load.tell('speak')
    await load.tell(`run ${WARM_EVENTS} 5 0`)
    const result = await load.tell(`run ${Math.max(3, Math.ceil(5 * seconds))} 1 0`)
    return {
      cpu: result.nodesCpuNs / result.deliveries / 1000,
      p99: result.latencyNs.p99 / 1e6,
      load: result.loadCpuShare * 100,
    }
  } finally {
    await load.end()
  }
}
