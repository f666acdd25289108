/**
 * A dialer over HTTP/2 with its pool, on virtual time.
 */

import { VirtualClock } from '../../src/base/index.ts'
import { TimerWheel } from '../../src/base/internal.ts'
import type { DialOutcome, DialRequest } from '../../src/client/internal.ts'
import {
  type NodeClientOptions,
  readDialerOptions,
} from '../../src/engines/node/dialing/client-options.ts'
import { createEnvironment } from '../../src/engines/node/environment.ts'
import { Http2Dialer } from '../../src/engines/node/http2-dialing/http2-dialer.ts'
import { Http2Pool } from '../../src/engines/node/http2-dialing/http2-pool.ts'
import { TransportChoice } from '../../src/engines/node/transports/transport-choice.ts'
import type { Transport } from '../../src/session/index.ts'
import { certificate } from './certificate.ts'

const STREAMS = new TransportChoice('stream')

/** Headers as a client composes them. */
const HEADERS = [
  ['Host', 'example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ['Sec-WebSocket-Version', '13'],
  ['X-Twice', 'a'],
  ['x-twice', 'b'],
] as const

/** A client's dialer, and what a test watches of it. */
export interface Dialing {
  readonly pool: Http2Pool
  readonly clock: VirtualClock
  /** The steps that all requests reported, in order. */
  readonly steps: string[]
  readonly dial: (url: string, request?: Partial<DialRequest>) => Promise<DialOutcome>
}

/** Makes a dialer whose `http2` is `true` unless `options` say otherwise. */
export function dialing(options: NodeClientOptions = {}): Dialing {
  const clock = new VirtualClock()
  const environment = { ...createEnvironment(), clock, timers: new TimerWheel(clock) }
  const pool = new Http2Pool(() => environment)
  const settings = readDialerOptions({ http2: true, tls: { ca: certificate.cert }, ...options })
  const dialer = new Http2Dialer(settings, STREAMS, pool)
  const steps: string[] = []
  return {
    pool,
    clock,
    steps,
    dial: (url, request = {}) =>
      dialer.dial({
        url: new URL(url),
        headers: HEADERS,
        isElsewhere: false,
        connectTimeout: 10_000,
        entered: (step) => steps.push(step),
        signal: new AbortController().signal,
        ...request,
      }),
  }
}

/** The transport of a request that was accepted. */
export function transportOf(outcome: DialOutcome): Transport {
  if (outcome.type === 'switched') return outcome.transport
  throw new Error(`answered with ${outcome.response.status}`)
}

/** The error that `promise` rejects with. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )
