/** Time from `send` to the peer's receipt, at a rate that every server can keep. */

import { runLoad } from '../harness/load.mjs'

const RATE_PER_SECOND = 20_000
const FAN_RATE_PER_SECOND = 50

export const latency = {
  name: 'latency',
  title: 'Latency at a fixed rate',
  explain:
    'Time counts from the moment when a message was due, not from when it was sent: a server ' +
    'that stalls is charged for every message that was due meanwhile (no coordinated ' +
    'omission). Echo is a round trip at 20 000 messages/s over 64 connections. Fan-out is ' +
    'one way, at 50 messages/s to 1 000 receivers.',
  metrics: [
    { key: 'p50', title: 'p50 µs', digits: 0, better: 'lower', ratio: true },
    { key: 'p99', title: 'p99 µs', digits: 0, better: 'lower', ratio: true },
    { key: 'p999', title: 'p99.9 µs', digits: 0, better: 'lower', ratio: true },
  ],
  cases: () => [
    {
      name: 'echo-20000',
      title: 'echo, 20 000 messages/s',
      measure: (server, run) =>
        measure('echo', server, run, { connections: 64, rate: RATE_PER_SECOND, bytes: 100 }),
    },
    {
      name: 'fan-50',
      title: 'fan-out to 1 000, 50 messages/s',
      measure: (server, run) =>
        measure('fan', server, run, {
          path: '/fan',
          connections: 1000,
          rate: FAN_RATE_PER_SECOND,
          bytes: 100,
        }),
    },
  ],
}

async function measure(mode, server, { core, seconds, warmup }, options) {
  const { latencyNs } = await runLoad(mode, server, core, { seconds, ...warmup, ...options })
  return { p50: latencyNs.p50 / 1000, p99: latencyNs.p99 / 1000, p999: latencyNs.p999 / 1000 }
}
