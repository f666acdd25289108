/**
 * Opens a connection through an HTTP proxy, by the agent that `--proxy` has made.
 */

import type { Agent } from 'node:http'
import type { Duplex } from 'node:stream'

import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ConnectError } from '../../../client/index.ts'
import { type DialerSettings, hostOf, portOf, tlsOptions } from '../../../engines/node/internal.ts'
/** Where a tunnel leads. */
interface TunnelEnd {
  readonly url: URL
  readonly settings: DialerSettings
  /** In milliseconds. */
  readonly connectTimeout: number
}

/** The method by which Node's agents get a connection. */
interface Connecting {
  createConnection(
    options: object,
    connected: (error: Error | null, stream: Duplex) => void,
  ): unknown
}

/**
 * @param offered the versions of HTTP that TLS offers.
 * @throws {ConnectError} (by rejecting) with the step `proxy`; the reason of the signal.
 */
export async function openTunnel(
  { url, settings, connectTimeout }: TunnelEnd,
  agent: Agent,
  clock: Clock,
  signal: AbortSignal,
  offered?: readonly string[],
): Promise<Duplex> {
  const opened = new Deferred<Duplex>()
  const place = { host: hostOf(url), port: portOf(url) }
  const request = { url, connectTimeout, isElsewhere: false }
  const secure = url.protocol === 'wss:' ? tlsOptions(request, settings.tls, offered) : {}
  const fail = (error: Error): void => {
    const why = `no connection through the proxy to ${url.host}: ${error.message}`
    opened.reject(new ConnectError('proxy', why, { cause: error }))
  }
  // `--proxy` makes an agent that has the method: the types of Node leave it out.
  const tunnel = agent as unknown as Connecting
  tunnel.createConnection({ ...secure, ...place, allowHalfOpen: true }, (error, stream) => {
    stream.on('error', fail)
    if (error !== null) return fail(error)
    if (url.protocol === 'wss:') stream.once('secureConnect', () => opened.resolve(stream))
    else opened.resolve(stream)
    // The connection came too late: its time has passed, or the command is over.
    opened.promise.catch(() => stream.destroy())
  })
  using _timer = clock.setTimer(connectTimeout, () => {
    const why = `no connection to ${url.host} within ${connectTimeout} ms`
    opened.reject(new ConnectError('proxy', why))
  })
  const stopped = (): void => void opened.reject(signal.reason)
  signal.addEventListener('abort', stopped)
  try {
    return await opened.promise
  } finally {
    signal.removeEventListener('abort', stopped)
  }
}
