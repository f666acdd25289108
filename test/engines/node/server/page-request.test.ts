import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'

import { pageRequest } from '../../../../src/engines/node/server/page-request.ts'

function message(changes: object): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  const usual = { method: 'GET', url: '/a', httpVersion: '1.1', rawHeaders: ['Host', 'x.test'] }
  return Object.assign(request, usual, changes)
}

describe('pageRequest()', () => {
  it('has the whole target under Express, which cuts off where a listener is mounted', () => {
    expect(pageRequest(message({ url: '/', originalUrl: '/towpath?x' })).target).toBe('/towpath?x')
    expect(pageRequest(message({})).target).toBe('/a')
  })

  it('has the authority of HTTP/2 as Host, and no other pseudo-header', () => {
    const rawHeaders = [':method', 'GET', ':authority', 'y.test', 'cookie', 'a=b']
    const request = pageRequest(message({ httpVersion: '2.0', rawHeaders }))

    expect(request.rawHeaders).toEqual(['host', 'y.test', 'cookie', 'a=b'])
    expect(request.httpVersion).toBe('2')
  })

  it('keeps the Host of a request that has both', () => {
    const rawHeaders = [':authority', 'y.test', 'host', 'x.test']

    expect(pageRequest(message({ rawHeaders })).rawHeaders).toEqual(['host', 'x.test'])
  })
})
