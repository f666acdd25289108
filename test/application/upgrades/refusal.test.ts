import { describe, expect, it } from 'vitest'

import { ReconnectHints } from '../../../src/application/sessions/reconnect-hints.ts'
import {
  noSuchPath,
  refuse,
  refuseWhileStopping,
  refuseWith,
  toOutcome,
  connectRequired,
  upgradeRequired,
} from '../../../src/application/upgrades/refusal.ts'

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}

describe('refuse()', () => {
  it('answers with a sentence as plain text', () => {
    const refusal = refuse(403, 'origin', 'Cannot upgrade: no')

    expect(refusal).toMatchObject({
      type: 'refused',
      status: 403,
      reason: 'origin',
      headers: [['content-type', 'text/plain; charset=utf-8']],
      cause: null,
    })
    expect(textOf(refusal.body)).toBe('Cannot upgrade: no\n')
  })
})

describe('refuseWith()', () => {
  it('answers what an interceptor answered: status, headers, every cookie, body', async () => {
    const response = new Response('please log in', {
      status: 401,
      headers: [
        ['www-authenticate', 'Bearer'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    })

    const refusal = await refuseWith(response)

    expect(refusal.status).toBe(401)
    expect(refusal.headers).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['www-authenticate', 'Bearer'],
    ])
    expect(textOf(refusal.body)).toBe('please log in')
  })

  it('leaves out what is the engine’s to say', async () => {
    const headers = { 'content-length': '999', 'transfer-encoding': 'chunked', connection: 'close' }

    const refusal = await refuseWith(new Response(null, { status: 404, headers }))

    expect(refusal.headers).toEqual([])
    expect(refusal.body).toHaveLength(0)
  })
})

describe('toOutcome()', () => {
  it('adds what interceptors put on the response, behind what the answer says itself', () => {
    const refusal = refuse(429, 'interceptor', 'Slow down', { headers: [['set-cookie', 'a=1']] })

    const outcome = toOutcome(refusal, [
      ['content-type', 'text/html'],
      ['set-cookie', 'b=2'],
      ['x-trace', '7'],
      ['connection', 'close'],
    ])

    expect(outcome.headers).toEqual([
      ['content-type', 'text/plain; charset=utf-8'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-trace', '7'],
    ])
  })
})

describe('the standing answers', () => {
  it('upgradeRequired() says what to upgrade to', () => {
    expect(upgradeRequired()).toMatchObject({
      type: 'refused',
      status: 426,
      headers: [
        ['content-type', 'text/plain; charset=utf-8'],
        ['upgrade', 'websocket'],
        ['connection', 'Upgrade'],
        ['sec-websocket-version', '13'],
      ],
    })
  })

  it('connectRequired() says the same over HTTP/2, with 400 and no Upgrade', () => {
    expect(connectRequired()).toMatchObject({
      type: 'refused',
      status: 400,
      headers: [['content-type', 'text/plain; charset=utf-8']],
    })
  })

  it('refuseWhileStopping() says when to come back', () => {
    const refusal = refuseWhileStopping(new ReconnectHints(null, (target) => target))

    expect(refusal).toMatchObject({ status: 503, reason: 'stopping' })
    expect(refusal.headers).toContainEqual(['retry-after', '5'])
  })

  it('refuseWith() rejects for Response.error(), whose status cannot be sent', async () => {
    await expect(refuseWith(Response.error())).rejects.toThrow(
      new TypeError('Cannot refuse the upgrade: the Response has status 0, expected 200 to 599'),
    )
  })

  it('noSuchPath() is a 400 for an invalid target', () => {
    const { status, body } = noSuchPath('/public\\..\\admin')

    expect(status).toBe(400)
    expect(textOf(body)).toBe('Cannot upgrade: the request target is not a valid path (RFC 3986)\n')
  })

  it('noSuchPath() is a 404', () => {
    const { status, body } = noSuchPath()

    expect(status).toBe(404)
    expect(textOf(body)).toBe('Cannot upgrade: no route has this path\n')
  })
})
