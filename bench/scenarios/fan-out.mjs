/** Fan-out: what one connection says, a thousand hear. */

import { CPU, MEMORY, RATE, measureMessages } from './metrics.mjs'

export const fanOut = {
  name: 'fan-out',
  title: 'Fan-out, 1 → 1 000',
  explain:
    'One connection sends messages, four in flight. A message is done when each of ' +
    '1 000 other connections has received it. Values are per delivery, not per message sent. `ws` ' +
    'and Deno loop over their sockets; uWebSockets.js and Bun publish to a topic.',
  metrics: [{ ...CPU, title: 'µs CPU/delivery' }, { ...RATE, title: 'deliveries/s' }, MEMORY],
  cases: () =>
    [100, 4096].map((bytes) => ({
      name: `1-1000x${bytes}`,
      title: `1 → 1 000, ${bytes} bytes`,
      measure: (server, run) =>
        measureMessages('fan', server, run, {
          path: '/fan',
          connections: 1000,
          inFlight: 4,
          bytes,
        }),
    })),
}
