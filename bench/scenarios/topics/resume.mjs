/** Check A9: 10 000 clients resume at once. */

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { LOAD_CPU } from './metrics.mjs'

const CLIENTS = 10_000
const MISSED = 100

export const resume = {
  name: 'topics-resume',
  title: 'Clients that resume (A9)',
  explain:
    '10 000 clients connect to one node and send `hello` with the same position, behind which 100 ' +
    'events of 100 bytes are stored. Each must receive all of them, once and in order, and then ' +
    '`live`. The time is from the first connect() to the last `live`, the handshakes included. “Reads” are requests of the node to the log of ' +
    'its broker.',
  start: (name, options) => startTopics(name, { ...options, nodes: 1 }),
  servers: ['topics-redis', 'topics-nats'],
  reference: 'topics-redis',
  fresh: true,
  maxRounds: 2,
  metrics: [
    { key: 'reads', title: 'reads', digits: 0, better: 'lower', ratio: false },
    { key: 'live', title: 'all live in s', digits: 2, better: 'lower', ratio: false },
    { key: 'cpu', title: 'µs CPU/event', digits: 2, better: 'lower', ratio: false },
    LOAD_CPU,
  ],
  cases: () => [{ name: '10000x100', title: '10 000 clients, 100 missed events', measure }],
}

async function measure(server, { core }) {
  const load = startTopicLoad(server, core, { connections: CLIENTS })
  const [node] = server.nodes
  try {
    await load.tell('speak')
    // The position is that of an event, as a client has it.
    await load.tell('run 1 0 1')
    const { epoch, offset } = await node.ask('position')
    await load.tell(`run ${MISSED} 0 16`)
    const position = { topic: 'replay/1', epoch, offset, away: 5000 }
    load.greeting(JSON.stringify({ type: 'hello', topics: [position] }))
    const before = await node.ask('counts')
    const result = await load.tell(`arrive ${CLIENTS}`)
    const after = await node.ask('counts')
    if (result.deliveries !== CLIENTS * MISSED) {
      throw new Error(`Cannot accept ${result.deliveries} deliveries: ${CLIENTS * MISSED} are due`)
    }
    return {
      reads: after.reads - before.reads,
      live: result.seconds,
      cpu: result.nodesCpuNs / result.deliveries / 1000,
      load: result.loadCpuShare * 100,
    }
  } finally {
    await load.end()
  }
}
