/**
 * Opens a connection to a server, and performs the opening handshake byte by byte as a case wants
 * it.
 */

import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'

import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ConnectError } from '../../../client/index.ts'
import type { NetworkStep } from '../../../client/internal.ts'
import {
  dialFailure,
  type DialerSettings,
  followSocket,
  hostOf,
  openSocket,
} from '../../../engines/node/internal.ts'
import type { RequestChange } from '../check-case.ts'
import { pieces } from './frame-bytes.ts'
import {
  MAX_HEAD_BYTES,
  parseResponse,
  requestBytes,
  type ResponseHead,
  type UpgradeRequest,
} from './http-head.ts'
import { openTunnel } from './open-tunnel.ts'
import { RawConnection } from './raw-connection.ts'

/** A server under check. */
export interface CheckTarget {
  readonly url: URL
  readonly settings: DialerSettings
  /** For DNS, TCP and TLS together, in milliseconds. */
  readonly connectTimeout: number
  readonly request: UpgradeRequest
  /** The subprotocols that the request offers. */
  readonly protocols: readonly string[]
}

/** @throws {ConnectError} (by rejecting) with the step that failed; the reason of the signal. */
export async function openConnection(
  target: CheckTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<RawConnection> {
  return new RawConnection(await openSocketTo(target, clock, signal), clock)
}

/**
 * Opens a socket to the server.
 *
 * @param offered the versions of HTTP that TLS offers; by default HTTP/1.1.
 * @throws {ConnectError} (by rejecting) with the step that failed; the reason of the signal.
 */
export async function openSocketTo(
  target: CheckTarget,
  clock: Clock,
  signal: AbortSignal,
  offered?: readonly string[],
): Promise<Duplex> {
  signal.throwIfAborted()
  const { url, settings, connectTimeout } = target
  if (settings.agent !== null) return openTunnel(target, settings.agent, clock, signal, offered)
  const place = settings.socketPath ?? url.host
  const socket = openSocket({ url, connectTimeout, isElsewhere: false }, settings, offered)
  const opened = new Deferred<void>()
  let step: NetworkStep = 'resolve'
  followSocket(socket, settings.socketPath === null && isIP(hostOf(url)) === 0, (entered) => {
    step = entered
    if (step === 'handshake') opened.resolve()
  })
  const failed = (cause: Error): void => {
    opened.reject(dialFailure(step, place, cause))
  }
  socket.once('error', failed)
  using _timer = clock.setTimer(connectTimeout, () => {
    opened.reject(new ConnectError(step, `no connection to ${place} within ${connectTimeout} ms`))
  })
  const stopped = (): void => {
    opened.reject(signal.reason)
  }
  signal.addEventListener('abort', stopped)
  try {
    await opened.promise
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', stopped)
  }
  socket.setNoDelay(true)
  // Nothing else may listen when the socket fails before its reader does.
  socket.on('error', () => {})
  socket.off('error', failed)
  return socket
}

/** What a server answers to a request for an upgrade. */
export interface HandshakeAnswer {
  /** `null`: none, or one that is no HTTP. */
  readonly response: ResponseHead | null
  /** The bytes behind the head. */
  readonly rest: Uint8Array
  /** Whether something came that is no response. */
  readonly isInvalid: boolean
}

/** Sends a request, and waits for the head of the response, or the end of the connection. */
export async function shakeHands(
  connection: RawConnection,
  request: UpgradeRequest,
  change: RequestChange,
  isSlow: boolean,
): Promise<HandshakeAnswer> {
  let received = Buffer.alloc(0)
  connection.reader = (bytes) => {
    received = Buffer.concat([received, bytes])
    if (received.length > MAX_HEAD_BYTES) connection.destroy()
  }
  const endOfHead = (): number => received.indexOf('\r\n\r\n')
  const bytes = requestBytes(request, change)
  for (const piece of isSlow ? pieces(bytes, 1) : [bytes]) {
    await connection.write(piece)
    if (isSlow) await new Promise((resolve) => setImmediate(resolve))
  }
  await connection.until(() => endOfHead() !== -1, Infinity)
  const end = endOfHead()
  if (end === -1) {
    return { response: null, rest: new Uint8Array(0), isInvalid: received.length > 0 }
  }
  const response = parseResponse(received.subarray(0, end).toString('latin1'))
  return { response, rest: received.subarray(end + 4), isInvalid: response === null }
}
