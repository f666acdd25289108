import { expect, it } from 'vitest'

import { TappedTransport } from '../../../src/cli/wire/tapped-transport.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { Gate } from '../../support/gate.ts'

it('a tapped transport shows the frames, and the session everything that the transport tells', () => {
  const gate = new Gate(true)
  const frames: string[] = []
  const tapped = new TappedTransport(gate, (direction, { opcode }) =>
    frames.push(`${direction} ${opcode}`),
  )
  const told: string[] = []
  tapped.start({
    receive: (bytes) => told.push(toHex(bytes)),
    unread: (bytes) => told.push(`unread ${bytes}`),
    receiveEnd: () => told.push('end'),
    drained: () => told.push('drained'),
    closed: (cause) => told.push(`closed: ${String(cause)}`),
  })

  gate.receive(hex('81 01 61'))
  gate.unreadBytes = 512
  gate.unread(512)
  gate.shut = true
  tapped.write(hex('88 00'))
  gate.drain()
  gate.receiveEnd()
  gate.close()

  expect(frames).toEqual(['received 1', 'sent 8'])
  expect(told).toEqual(['81 01 61', 'unread 512', 'drained', 'end', 'closed: null'])
  expect([tapped.isShared, tapped.unreadBytes]).toEqual([true, 512])
})
