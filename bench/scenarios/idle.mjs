/** Memory of connections that say nothing. */

import { startIdle } from '../harness/load.mjs'
import { settledBytes } from '../harness/memory.mjs'

const FEW = 1000
const MANY = 10_000
const MIB = 1024 * 1024

export const idle = {
  name: 'idle',
  title: 'Idle connections',
  explain:
    'Memory (RSS, after full garbage collections ten seconds after the last handshake, when V8 ' +
    'has given back its young generation) with 1 000 and with 10 000 silent connections. The ' +
    'value per connection is the difference divided by 9 000, so the memory of the process ' +
    'itself does not count. The kernel’s socket buffers are not included.',
  fresh: true,
  // Each round of a server takes half a minute, and the rounds differ by a few per cent.
  maxRounds: 2,
  metrics: [
    { key: 'each', title: 'KiB/connection', digits: 2, better: 'lower', ratio: true },
    { key: 'total', title: 'RSS MiB at 10 000', digits: 0, better: 'lower', ratio: false },
  ],
  cases: () => [
    { name: '10000', title: '10 000 idle connections', measure },
    {
      name: '10000-deflate',
      title: '10 000 idle connections with permessage-deflate agreed',
      needs: 'deflate',
      server: { deflate: 'kept' },
      // The load generator makes JSON for deflate, of 100 bytes or more.
      measure: (server, run) => measure(server, run, { deflate: 'kept', bytes: 128 }),
    },
  ],
}

async function measure(server, { core }, more = {}) {
  const clients = startIdle(server, core, { connections: MANY, ...more })
  try {
    await clients.open(FEW)
    const few = await settledBytes(server)
    await clients.open(MANY)
    const many = await settledBytes(server)
    return { each: (many - few) / (MANY - FEW) / 1024, total: many / MIB }
  } finally {
    await clients.close()
  }
}
