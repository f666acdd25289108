/** Check A5: one topic with 100 000 subscribers. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { LOAD_CPU } from './metrics.mjs'

/** A process may have 20 000 files here. */
const NODES = 6
const PER_NODE = 16_667

export const audience = {
  name: 'topics-audience',
  title: 'One topic, 100 000 subscribers (A5)',
  explain:
    'Six nodes over Redis, with 16 667 subscribers each, and one generator for each node. One client ' +
    'publishes events of 100 bytes: first one each second, then five. Every subscriber must have ' +
    'every event. “CPU” is that of all nodes. The rounds are measurements of the same connections.',
  start: (name, options) => startTopics(name, { ...options, nodes: NODES }),
  servers: ['topics-redis'],
  reference: 'topics-redis',
  maxRounds: 1,
  metrics: [
    { key: 'opened', title: 'connected and live in s', digits: 1, better: 'lower', ratio: false },
    { key: 'p99', title: 'p99 ms at 1/s', digits: 0, better: 'lower', ratio: false },
    { key: 'cpu', title: 'µs CPU/delivery at 1/s', digits: 2, better: 'lower', ratio: false },
    { key: 'p99of5', title: 'p99 ms at 5/s', digits: 0, better: 'lower', ratio: false },
    { key: 'cpuOf5', title: 'µs CPU/delivery at 5/s', digits: 2, better: 'lower', ratio: false },
    { key: 'batch', title: 'events/read at 5/s', digits: 2, better: 'higher', ratio: false },
    { ...LOAD_CPU, title: 'load generators, % of a core at 5/s' },
  ],
  cases: () => [{ name: '1-100000', title: '1 → 100 000, 100 bytes', measure }],
}

async function measure(server, { core, seconds }) {
  const begun = performance.now()
  const loads = server.nodes.map(({ port }) =>
    startTopicLoad(server, core, { connections: PER_NODE, ports: [port] }),
  )
  const [publisher, ...others] = loads
  try {
    await publisher.tell(`arrive ${PER_NODE}`)
    await publisher.tell('speak')
    let published = 0
    const run = async (listening, events, rate) => {
      published += events
      const hearing = await Promise.all(listening.map((load) => load.hear(published)))
      const first = await publisher.tell(`run ${events} ${rate} 0`)
      return summed([first, ...(await Promise.all(hearing.map(({ done }) => done)))])
    }
    for (const [at, load] of others.entries()) {
      await load.tell(`arrive ${PER_NODE}`)
      // Connections that are silent for 30 s make the kernel probe them, all at once.
      await run(others.slice(0, at + 1), 1, 1)
    }
    const opened = (performance.now() - begun) / 1000
    await run(others, 10, 5)
    const slow = await run(others, Math.max(3, Math.ceil(5 * seconds)), 1)
    const fast = await run(others, Math.max(10, Math.ceil(25 * seconds)), 5)
    return {
      opened,
      p99: slow.p99,
      cpu: slow.cpu,
      p99of5: fast.p99,
      cpuOf5: fast.cpu,
      batch: fast.batch,
      load: fast.load,
    }
  } finally {
    await Promise.all(loads.map((load) => load.end()))
  }
}

/** Each generator counts the CPU time of all nodes, until its own subscribers have all. */
function summed(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  const deliveries = sum('deliveries')
  return {
    p99: Math.max(...results.map(({ latencyNs }) => latencyNs.p99)) / 1e6,
    cpu: Math.max(...results.map(({ nodesCpuNs }) => nodesCpuNs)) / deliveries / 1000,
    batch: deliveries / sum('reads'),
    load: sum('loadCpuShare') * 100,
  }
}
