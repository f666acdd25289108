import { describe, expect, it } from 'vitest'
import { agreementOf } from '../../../../src/cli/check/wire/deflate-agreement.ts'

function agreed(offer: string, answer: string): ReturnType<typeof agreementOf> {
  const values = answer === '' ? [] : [answer]
  const headers = new Map([['sec-websocket-extensions', values]])
  return agreementOf(`permessage-deflate${offer}`, { status: 101, headers })
}

const ANY = { windowBits: 15, hasTakeover: true, clientHasTakeover: true }

describe('agreementOf()', () => {
  it.each([
    ['', '', null],
    ['', 'permessage-deflate', ANY],
    ['', 'permessage-deflate; server_max_window_bits=10', { ...ANY, windowBits: 10 }],
    ['', 'permessage-deflate; server_no_context_takeover', { ...ANY, hasTakeover: false }],
    ['', 'permessage-deflate; client_no_context_takeover', { ...ANY, clientHasTakeover: false }],
    ['; client_max_window_bits', 'permessage-deflate; client_max_window_bits="12"', ANY],
    ['; server_max_window_bits=15', 'permessage-deflate', ANY],
    ['; server_max_window_bits=16, permessage-deflate', 'permessage-deflate', ANY],
  ])('E-47 for the offer "%s" takes "%s"', (offer, answer, expected) => {
    expect(agreed(offer, answer)).toEqual(expected)
  })

  it.each([
    ['', 'permessage-deflate; client_max_window_bits=12'],
    ['', 'permessage-deflate; server_max_window_bits=7'],
    ['', 'permessage-deflate; server_max_window_bits=08'],
    ['', 'permessage-deflate; server_max_window_bits'],
    ['', 'permessage-deflate; server_no_context_takeover=1'],
    ['', 'permessage-deflate; unknown'],
    ['', 'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9'],
    ['', 'permessage-deflate, permessage-deflate'],
    ['; server_no_context_takeover', 'permessage-deflate'],
    ['; server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=11'],
    ['; server_max_window_bits=10', 'permessage-deflate'],
    ['; client_max_window_bits=10', 'permessage-deflate; client_max_window_bits=11'],
    ['; unknown', 'permessage-deflate'],
  ])('E-47 for the offer "%s" refuses "%s"', (offer, answer) => {
    expect(agreed(offer, answer)).toHaveProperty('problem')
  })
})
