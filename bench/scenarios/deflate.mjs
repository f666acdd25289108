/** permessage-deflate: JSON of 300 bytes, with and without the context kept between messages. */

import { CPU, MEMORY, RATE, measureMessages } from './metrics.mjs'

export const deflate = {
  name: 'deflate',
  title: 'permessage-deflate, JSON of 300 bytes',
  explain:
    'Echo over 64 connections, compressed each way; replies are inflated under the rules that the server ' +
    'agreed to, and compared. All are told to use a window of 12 bits, memory level 5 and, where ' +
    'they let one say it, level 6. Deno has no compression on its server side.',
  metrics: [CPU, RATE, MEMORY],
  cases: () => [
    deflateCase('kept', 1, 'context kept, 1 in flight'),
    deflateCase('kept', 16, 'context kept, 16 in flight'),
    deflateCase('fresh', 1, 'no context takeover, 1 in flight'),
    deflateCase('fresh', 16, 'no context takeover, 16 in flight'),
  ],
}

function deflateCase(kind, inFlight, title) {
  return {
    name: `${kind}-${inFlight}`,
    title,
    needs: 'deflate',
    server: { deflate: kind },
    measure: (server, run) =>
      measureMessages('echo', server, run, {
        connections: 64,
        inFlight,
        bytes: 300,
        deflate: kind,
      }),
  }
}
