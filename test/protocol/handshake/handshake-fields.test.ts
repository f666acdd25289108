import { expect, it } from 'vitest'

import {
  HandshakeFields,
  HOST,
  ORIGIN,
  PROTOCOL,
} from '../../../src/protocol/handshake/handshake-fields.ts'

it('finds names in any case, and joins the values of a repeated name (RFC 9110 §5.3)', () => {
  const fields = new HandshakeFields([
    'HOST',
    'a.test',
    'x-other',
    'b',
    'Sec-WebSocket-Protocol',
    'c',
    'sec-websocket-protocol',
    'd',
  ])

  expect([fields.get(HOST), fields.get(PROTOCOL), fields.get(ORIGIN)]).toEqual([
    'a.test',
    'c, d',
    null,
  ])
  expect(() => fields.requireSingle()).not.toThrow()
})

it('requireSingle() throws for a repeated name that may occur once', () => {
  const fields = new HandshakeFields(['Origin', 'a', 'origin', 'b'])

  expect(() => fields.requireSingle()).toThrow('Cannot upgrade: Origin is there more than once')
})
