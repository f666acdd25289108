/** permessage-deflate: JSON of 300 bytes, with and without the context kept between messages. */

import { CPU, MEMORY, RATE, measureMessages } from './metrics.mjs'

export const deflate = {
  name: 'deflate',
  title: 'permessage-deflate, JSON of 300 bytes',
  explain:
    'Echo over 64 connections, compressed in both directions. Replies are inflated with the ' +
    'negotiated parameters and compared. All servers use a window of 12 bits, memory level 5 ' +
    'and, where it can be set, level 6. Deno’s server has no compression.',
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
