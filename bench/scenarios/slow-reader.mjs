/** Clients that send and do not read: does memory stay flat, and is anything lost? */

import { runLoad } from '../harness/load.mjs'

const MIB = 1024 * 1024

export const slowReader = {
  name: 'slow-reader',
  title: 'Slow readers',
  explain:
    '16 clients send messages of 1 KiB to an echo, up to 64 MiB each, without reading; then ' +
    'they read all replies. A server with backpressure stops accepting bytes, its memory ' +
    'stays flat, and no reply is lost. A server without backpressure grows or silently drops ' +
    'replies.',
  fresh: true,
  metrics: [
    { key: 'growth', title: 'growth of RSS MiB', digits: 1, better: 'lower', ratio: false },
    { key: 'taken', title: 'MiB taken', digits: 0, better: 'lower', ratio: false },
    { key: 'lost', title: 'replies lost %', digits: 1, better: 'lower', ratio: false },
    { key: 'ended', title: 'connections ended', digits: 0, better: 'lower', ratio: false },
  ],
  cases: () => [
    {
      name: '16x1024',
      title: '16 clients that do not read',
      async measure(server, { core, seconds }) {
        const options = {
          connections: 16,
          bytes: 1024,
          limitBytes: 64 * MIB,
          seconds: Math.max(2, seconds),
        }
        const result = await runLoad('slow', server, core, options)
        return {
          growth: (result.rssPeakBytes - result.rssBeforeBytes) / MIB,
          taken: result.sentBytes / MIB,
          lost: (100 * (result.sent - result.received)) / result.sent,
          ended: result.endedByServer,
        }
      },
    },
  ],
}
