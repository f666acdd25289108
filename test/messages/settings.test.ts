import { describe, expect, it } from 'vitest'
import { json } from '../../src/messages/codec.ts'
import { defineContract } from '../../src/messages/contract.ts'
import { agreedCodec, readSettings } from '../../src/messages/settings.ts'

const chat = defineContract({ name: 'chat', version: 2, codecs: ['msgpack', 'json'] })

describe('readSettings()', () => {
  it('M-05 has a server validate both directions, and a client none', () => {
    const server = { validatesIncoming: true, validatesOutgoing: true, closesAtInvalidEvents: true }
    const client = {
      validatesIncoming: false,
      validatesOutgoing: false,
      closesAtInvalidEvents: false,
    }

    expect(readSettings('server', chat, {})).toMatchObject(server)
    expect(readSettings('client', chat, {})).toMatchObject(client)
    expect(
      readSettings('client', chat, { validate: 'both', invalidEvents: 'close' }),
    ).toMatchObject(server)
  })

  it('has the documented defaults', () => {
    expect(readSettings('client', chat, {})).toMatchObject({
      requestTimeout: 30_000,
      maxRequests: 64,
      credit: 16,
      readAhead: 1_048_576,
    })
  })

  it.each([
    [
      'an unknown option',
      { kredit: 1 },
      'unknown option "kredit", expected one of codecs, requestTimeout',
    ],
    ['no credit', { credit: 0 }, 'option "credit" is 0, expected a whole number of 1 or above'],
    ['half a request', { maxRequests: 0.5 }, 'option "maxRequests" is 0.5'],
    ['a negative readAhead', { readAhead: -1 }, 'option "readAhead" is -1'],
    ['a timeout of 0', { requestTimeout: 0 }, 'option "requestTimeout" is 0'],
    ['another word', { validate: 'some' }, 'option "validate" is invalid'],
    ['another word', { invalidEvents: 'log' }, 'option "invalidEvents" is invalid'],
    ['no function', { onInvalid: 'log' }, 'option "onInvalid" is invalid, expected a function'],
  ])('refuses %s', (_, options, message) => {
    expect(() => readSettings('client', chat, options as object)).toThrow(
      `Cannot use typed messages: ${message}`,
    )
  })
})

describe('agreedCodec()', () => {
  it('returns the codec that the subprotocol names', () => {
    expect(agreedCodec(chat, 'chat.2+json')).toBe(json)
  })

  it('M-02 throws TypeError for a subprotocol that is not one of the contract', () => {
    expect(() => agreedCodec(chat, 'chat.1+json')).toThrow(
      new TypeError(
        'Cannot use typed messages: the session has agreed on the subprotocol "chat.1+json", expected "chat.2+msgpack" or "chat.2+json"',
      ),
    )
    expect(() => agreedCodec(chat, null)).toThrow('has agreed on no subprotocol')
  })

  it('throws TypeError for a codec that is not given', () => {
    expect(() => agreedCodec(chat, 'chat.2+msgpack')).toThrow('has no codec "msgpack"')
  })
})
