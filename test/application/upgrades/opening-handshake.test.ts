import { describe, expect, it } from 'vitest'

import { chat, expectRefusal, type RequestChanges } from '../upgrade-client.ts'

describe('upgrade() and the opening handshake', () => {
  it('Handshake 1: answers a request that is right with 101 and its key (RFC 6455 §1.3)', async () => {
    const headers = await chat().accepted('/chat')

    expect(headers.get('upgrade')).toBe('websocket')
    expect(headers.get('connection')?.toLowerCase()).toBe('upgrade')
    expect(headers.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(headers.has('sec-websocket-protocol')).toBe(false)
    expect(headers.has('sec-websocket-extensions')).toBe(false)
  })

  it('Handshake 1: asks what is no websocket request on a path of ours to upgrade, with 426', async () => {
    const outcome = await chat().refused('/chat', {
      headers: { Upgrade: undefined, Connection: undefined },
    })

    expect(outcome.status).toBe(426)
    expect(
      new Headers(outcome.headers.map(([n, v]): [string, string] => [n, v])).get('upgrade'),
    ).toBe('websocket')
  })

  it('Handshake 1: names the version that it speaks with 426', async () => {
    const outcome = await chat().refused('/chat', { headers: { 'Sec-WebSocket-Version': '8' } })

    expect(outcome.status).toBe(426)
    expect(outcome.headers.map(([name, value]) => [name.toLowerCase(), value])).toContainEqual([
      'sec-websocket-version',
      '13',
    ])
  })

  it.each<[string, RequestChanges, RegExp]>([
    ['another method', { method: 'POST' }, /GET/],
    ['a body', { hasBody: true }, /body/],
    ['HTTP/1.0', { httpVersion: '1.0' }, /HTTP/],
    ['no Host', { headers: { Host: undefined } }, /Host/],
    ['a Host that is none', { headers: { Host: 'user@host' } }, /Host/],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, /Sec-WebSocket-Key/],
    ['a short key', { headers: { 'Sec-WebSocket-Key': 'dGVzdA==' } }, /Sec-WebSocket-Key/],
    ['two Hosts', { extraHeaders: ['host', 'other.example'] }, /Host/i],
    [
      'two keys',
      { extraHeaders: ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='] },
      /Sec-WebSocket-Key/,
    ],
  ])(
    'Handshake 1: refuses %s with 400 and a sentence that names it',
    async (_what, changes, words) => {
      expectRefusal(await chat().upgrade('/chat', changes), 400, words)
    },
  )
})
