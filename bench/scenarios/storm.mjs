/** Reconnect storms: all clients are dropped, and come back within one second. */

import { runLoad } from '../harness/load.mjs'

const MANY = 10_000
/** Full handshakes of TLS for all of them would take the load generator itself several seconds. */
const MANY_TLS = 1000

export const storm = {
  name: 'storm',
  title: 'Reconnect storms',
  explain:
    'All clients are dropped at once, and come back within one second. The time is from connect() ' +
    'to the 101. The event loop’s delay is what the server measured meanwhile, where it has one. A ' +
    'client that is answered out of turn is displaced by so many places. Towpath’s default limit ' +
    'of 5 000 upgrades a second is raised.',
  metrics: [
    { key: 'cpu', title: 'µs CPU/connection', digits: 1, better: 'lower', ratio: true },
    { key: 'p50', title: 'p50 ms', digits: 1, better: 'lower', ratio: false },
    { key: 'max', title: 'slowest ms', digits: 1, better: 'lower', ratio: true },
    { key: 'delay', title: 'event loop delay, max ms', digits: 1, better: 'lower', ratio: false },
    { key: 'displaced', title: 'displaced by', digits: 0, better: 'lower', ratio: false },
  ],
  cases: () => [
    {
      name: `${MANY}`,
      title: '10 000 clients',
      server: { delay: true },
      measure: (server, run) => comeBack(server, run, { connections: MANY }),
    },
    {
      name: `${MANY_TLS}-tls`,
      title: '1 000 clients over TLS 1.3, each resuming its session',
      needs: 'tls',
      server: { delay: true, tls: true },
      measure: (server, run) =>
        comeBack(server, run, { connections: MANY_TLS, tls: true, resume: true }),
    },
  ],
}

async function comeBack(server, { core }, more) {
  await server.eventLoopDelay()
  const result = await runLoad('storm', server, core, { sources: 8, ...more })
  return {
    cpu: result.cpuNsPerMessage / 1000,
    p50: result.latencyNs.p50 / 1e6,
    max: result.latencyNs.max / 1e6,
    delay: await server.eventLoopDelay(),
    displaced: result.displaced,
  }
}
