import { EventEmitter } from 'node:events'
import type { Server, TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'

import { splitByProtocol } from '../../../../src/engines/node/http2/alpn.ts'

it('splitByProtocol() takes the connections that chose h2, and leaves the others', () => {
  const server = new EventEmitter()
  const taken: unknown[] = []
  server.on('secureConnection', (socket: TLSSocket) => taken.push(['https', socket.alpnProtocol]))
  // Only its events are used.
  splitByProtocol(server as Server, ({ alpnProtocol }) => taken.push(['http2', alpnProtocol]))

  for (const alpnProtocol of ['h2', 'http/1.1', false]) {
    server.emit('secureConnection', { alpnProtocol })
  }

  expect(taken).toEqual([
    ['http2', 'h2'],
    ['https', 'http/1.1'],
    ['https', false],
  ])
})
