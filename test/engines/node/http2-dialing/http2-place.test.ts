import { describe, expect, it } from 'vitest'

import { TimerWheel } from '../../../../src/base/internal.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import type { DialRequest } from '../../../../src/client/internal.ts'
import {
  type NodeClientOptions,
  readDialerOptions,
} from '../../../../src/engines/node/dialing/client-options.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { Http2Place } from '../../../../src/engines/node/http2-dialing/http2-place.ts'

function requestTo(url: string, isElsewhere = false): DialRequest {
  return {
    url: new URL(url),
    headers: [],
    isElsewhere,
    connectTimeout: null,
    entered: () => {},
    signal: new AbortController().signal,
  }
}

const read = (options: NodeClientOptions) => readDialerOptions({ http2: 'auto', ...options })

function place(options: NodeClientOptions = {}): { place: Http2Place; clock: VirtualClock } {
  const clock = new VirtualClock()
  const environment = { ...createEnvironment(), clock, timers: new TimerWheel(clock) }
  const made = new Http2Place(requestTo('wss://a.example/x'), read(options), environment)
  return { place: made, clock }
}

describe('Http2Place', () => {
  it('serves requests to the same origin with the same TLS options', () => {
    const ca = 'certificate'
    const { place: own } = place({ tls: { ca } })
    const serves = (url: string, options: NodeClientOptions, isElsewhere = false): boolean =>
      own.serves(requestTo(url, isElsewhere), read(options))

    expect(serves('wss://a.example/other?b', { tls: { ca } })).toBe(true)
    expect(serves('wss://a.example:444/', { tls: { ca } })).toBe(false)
    expect(serves('wss://b.example/', { tls: { ca } })).toBe(false)
    expect(serves('ws://a.example/', { tls: { ca } })).toBe(false)
    expect(serves('wss://a.example/', {})).toBe(false)
    expect(serves('wss://a.example/', { tls: { ca: 'another' } })).toBe(false)
    expect(serves('wss://a.example/', { tls: { ca, cert: 'mine' } })).toBe(false)
    expect(serves('wss://a.example/', { tls: { ca } }, true)).toBe(false)
    expect(serves('wss://a.example/', { tls: { ca }, socketPath: '/a' })).toBe(false)
    expect(serves('wss://a.example/', { tls: { ca }, http2: true })).toBe(false)
  })

  it('prefers HTTP/1.1 for ten minutes after the server wanted it', async () => {
    const { place: own, clock } = place()
    own.preferHttp1()

    expect(await own.enter(requestTo('wss://a.example/'), null)).toEqual({
      type: 'http1',
      socket: null,
    })
    expect([own.isEmpty, own.isSpent]).toEqual([true, false])
    await clock.advance(10 * 60_000)
    expect(own.isSpent).toBe(true)
  })
})
