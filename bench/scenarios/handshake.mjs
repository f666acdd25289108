/** The handshake rate: connections opened, upgraded and closed again. */

import { runLoad } from '../harness/load.mjs'

export const handshake = {
  name: 'handshake',
  title: 'Handshakes',
  explain:
    '32 clients connect, upgrade, exchange Close frames, wait for the server to end TCP, and ' +
    'start again. The time is from connect() to the 101. Towpath’s default limit of 5 000 ' +
    'upgrades a second is raised.',
  metrics: [
    { key: 'cpu', title: 'µs CPU/connection', digits: 1, better: 'lower', ratio: true },
    { key: 'rate', title: 'connections/s', digits: 0, better: 'higher', ratio: true },
    { key: 'p99', title: 'p99 ms', digits: 2, better: 'lower', ratio: false },
  ],
  cases: () => [
    { name: 'open-close', title: 'open and close, 32 at a time', measure: connect },
    {
      name: 'open-close-tls',
      title: 'the same over TLS 1.3, a full handshake each',
      needs: 'tls',
      server: { tls: true },
      measure: (server, run) => connect(server, run, { tls: true }),
    },
    {
      name: 'open-close-tls-resumed',
      title: 'the same over TLS 1.3, each resuming the session before it',
      needs: 'tls',
      server: { tls: true },
      // After 200 handshakes V8 still interprets most of the server: 981 µs where 675 are left later.
      measure: (server, run) =>
        connect(server, run, { tls: true, resume: true, warmupMessages: 1500 }),
    },
  ],
}

async function connect(server, { core, seconds, warmup }, more = {}) {
  const options = { connections: 32, sources: 8, seconds, ...warmup, ...more }
  const result = await runLoad('connect', server, core, options)
  if (result.messages === 0) throw new Error(`${server.name}: no handshake within ${seconds} s`)
  if (more.resume && result.resumed < result.messages / 2) {
    throw new Error(`${server.name}: resumed ${result.resumed} of ${result.messages} sessions`)
  }
  return {
    cpu: result.cpuNsPerMessage / 1000,
    rate: result.messagesPerSecond,
    p99: result.latencyNs.p99 / 1e6,
  }
}
