import { describe, expect, it } from 'vitest'

import type { DialRequest } from '../../../../src/client/internal.ts'
import { Agent } from 'node:https'
import {
  type NodeClientOptions,
  readDialerOptions,
} from '../../../../src/engines/node/dialing/client-options.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { Http2Pool } from '../../../../src/engines/node/http2-dialing/http2-pool.ts'

function requestTo(url: string): DialRequest {
  return {
    url: new URL(url),
    headers: [],
    isElsewhere: false,
    connectTimeout: null,
    entered: () => {},
    signal: new AbortController().signal,
  }
}

function placing(options: NodeClientOptions = { http2: 'auto' }) {
  const pool = new Http2Pool(createEnvironment)
  return (url: string, own: NodeClientOptions = options) =>
    pool.placeFor(requestTo(url), readDialerOptions(own))
}

describe('Http2Pool', () => {
  it('has one place for all requests that may share connections', () => {
    const placeFor = placing()

    expect(placeFor('wss://a.example/x')).toBe(placeFor('wss://a.example/y'))
    expect(placeFor('wss://a.example/x')).not.toBe(placeFor('wss://b.example/x'))
  })

  it('has no place for what must use HTTP/1.1', () => {
    const placeFor = placing()

    expect(placeFor('wss://a.example/', {})).toBe(null)
    expect(placeFor('ws://a.example/')).toBe(null)
    expect(placeFor('wss://a.example/', { http2: 'auto', agent: new Agent() })).toBe(null)
    expect(placeFor('ws://a.example/', { http2: true })).not.toBe(null)
  })

  it('remembers 256 places that want HTTP/1.1, and forgets the oldest beyond that', () => {
    const placeFor = placing()
    const places = Array.from({ length: 257 }, (_, at) => placeFor(`wss://${at}.example/`))
    // A place without a connection and without a memory is forgotten with the next one.
    expect(placeFor('wss://0.example/')).not.toBe(places[0])

    const remembered = Array.from({ length: 257 }, (_, at) => {
      const place = placeFor(`wss://r${at}.example/`)
      place?.preferHttp1()
      return place
    })

    expect(placeFor('wss://r256.example/')).toBe(remembered[256])
    expect(placeFor('wss://r0.example/')).not.toBe(remembered[0])
  })
})
