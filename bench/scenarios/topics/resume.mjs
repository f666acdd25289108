/** Check A9: 10 000 clients resume at once. */

import { setTimeout as sleep } from 'node:timers/promises'

import { startTopicLoad } from '../../harness/topic-load.mjs'
import { startTopics } from '../../harness/topic-servers.mjs'
import { LOAD_CPU } from './metrics.mjs'

const CLIENTS = 10_000
const MISSED = 100
/** The node has noticed by then that all clients are gone. */
const LEAVE_MS = 3000

export const resume = {
  name: 'topics-resume',
  title: 'Clients that resume (A9)',
  explain:
    '10 000 clients connect to one node and send `hello` with the same position, behind which 100 ' +
    'events of 100 bytes are stored. Each must receive all of them, once and in order, and then ' +
    '`live`. The time is from the first connect() to the last `live`, the handshakes included. The ' +
    'first time, the node has had one client before: it compiles its code meanwhile. Then all ' +
    'clients leave, and as many come: a node that others return to has worked before. “Reads” are ' +
    'requests of the node to the log of its broker, the first time.',
  start: (name, options) => startTopics(name, { ...options, nodes: 1 }),
  servers: ['topics-redis', 'topics-nats'],
  reference: 'topics-redis',
  fresh: true,
  maxRounds: 2,
  metrics: [
    { key: 'reads', title: 'reads', digits: 0, better: 'lower', ratio: false },
    { key: 'live', title: 'all live in s', digits: 2, better: 'lower', ratio: false },
    { key: 'cpu', title: 'µs CPU/event', digits: 2, better: 'lower', ratio: false },
    { key: 'again', title: 'the second time, in s', digits: 2, better: 'lower', ratio: false },
    { key: 'cpuAgain', title: 'µs CPU/event', digits: 2, better: 'lower', ratio: false },
    LOAD_CPU,
  ],
  cases: () => [{ name: '10000x100', title: '10 000 clients, 100 missed events', measure }],
}

async function measure(server, { core }) {
  const [node] = server.nodes
  const { greeting, reads, ...first } = await inLoad(server, core, async (load) => {
    await load.tell('speak')
    // The position is that of an event, as a client has it.
    await load.tell('run 1 0 1')
    const { epoch, offset } = await node.ask('position')
    await load.tell(`run ${MISSED} 0 16`)
    const position = { topic: 'replay/1', epoch, offset, away: 5000 }
    const greeting = JSON.stringify({ type: 'hello', topics: [position] })
    const before = await node.ask('counts')
    const result = await resumeAll(load, greeting)
    const after = await node.ask('counts')
    return { ...result, greeting, reads: after.reads - before.reads }
  })
  await sleep(LEAVE_MS)
  const second = await inLoad(server, core, (load) => resumeAll(load, greeting))
  return { ...first, reads, again: second.live, cpuAgain: second.cpu }
}

/** Does `work` with a generator of its own. */
async function inLoad(server, core, work) {
  const load = startTopicLoad(server, core, { connections: CLIENTS })
  try {
    return await work(load)
  } finally {
    await load.end()
  }
}

async function resumeAll(load, greeting) {
  load.greeting(greeting)
  const { deliveries, seconds, nodesCpuNs, loadCpuShare } = await load.tell(`arrive ${CLIENTS}`)
  if (deliveries !== CLIENTS * MISSED) {
    throw new Error(`Cannot accept ${deliveries} deliveries: ${CLIENTS * MISSED} are due`)
  }
  return { live: seconds, cpu: nodesCpuNs / deliveries / 1000, load: loadCpuShare * 100 }
}
