import { describe, expect, it } from 'vitest'

import {
  addChoice,
  readExtensions,
  readKey,
  readProtocols,
} from '../../../src/protocol/handshake/handshake-offer.ts'
import { HandshakeFields } from '../../../src/protocol/handshake/handshake-fields.ts'
import { HandshakeError } from '../../../src/protocol/index.ts'

describe('the offer of a client', () => {
  it('is empty without its headers', () => {
    const headers = new HandshakeFields([])
    expect([readKey(headers), readProtocols(headers), readExtensions(headers)]).toEqual([
      null,
      [],
      [],
    ])
  })

  it('is refused with 400 for a subprotocol that is named twice (RFC 6455 §4.1)', () => {
    const headers = new HandshakeFields(['sec-websocket-protocol', 'chat, chat'])
    expect(() => readProtocols(headers)).toThrow(
      expect.objectContaining({ status: 400, name: 'HandshakeError' }),
    )
  })

  it('is refused with 400 for a header that may occur once and is repeated', () => {
    const headers = new HandshakeFields(['origin', 'a', 'origin', 'b'])
    expect(() => headers.requireSingle()).toThrow(HandshakeError)
  })
})

describe('addChoice()', () => {
  it('adds nothing where nothing was chosen', () => {
    expect(addChoice([], { protocol: null, extensions: null })).toEqual([])
  })
})
