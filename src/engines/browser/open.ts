/**
 * Opens sessions in a browser: `webSocket` and `openWebSocket`.
 */

import type { ClientSession } from '../../client/index.ts'
import { ConnectError } from '../../client/portable.ts'
import { readBrowserOptions } from './browser-options.ts'
import type { BrowserClientOptions, BrowserSettings } from './browser-options.ts'
import { BrowserSession } from './browser-session.ts'
import { type Platform, thisPlatform } from './platform.ts'
import { SocketWire } from './socket-wire.ts'
import { StreamWire } from './stream-wire.ts'
import type { Wire } from './wire.ts'
import { ACT } from './terse-reader.ts'

/** A function that `webSocket` runs with a session. */
export type ClientBlock<T> = (session: ClientSession) => Promise<T> | T

/**
 * Connects, runs `block` with the session, and closes the session: with 1000 when `block` returns,
 * with 4011 and no details when it throws, because browsers do not let a page send 1011. Waits for
 * the closing handshake (at most `closeTimeout`) and for all launched tasks.
 *
 * Ktor: `HttpClient.webSocket`.
 *
 * @param url `ws:` or `wss:`, or another form that the browser accepts: `https:`, a relative URL.
 * @returns what `block` returned.
 * @throws (by rejecting) the errors of `openWebSocket`; the first error of `block` or a launched
 *   task; the signal's reason if it aborts before `block` ends; the `Closed…Error` that `block`
 *   threw because the server had left. A loop over `incoming` ends without an error.
 */
export async function webSocket<T>(url: string | URL, block: ClientBlock<T>): Promise<T>
export async function webSocket<T>(
  url: string | URL,
  options: BrowserClientOptions,
  block: ClientBlock<T>,
): Promise<T>
export async function webSocket<T>(
  url: string | URL,
  first: BrowserClientOptions | ClientBlock<T>,
  second?: ClientBlock<T>,
): Promise<T> {
  const [options, block] = typeof first === 'function' ? [{}, first] : [first, second]
  const session = await openSession(thisPlatform(), url, options)
  return session.run(block as ClientBlock<T>) // by the overloads; calling anything else is a TypeError
}

/**
 * Connects. The caller closes the session: with `close()` and `closed`, or with `await using`. A
 * launched task that fails closes it with 4011, and its error is the `cause` in `closed`.
 *
 * Ktor: `HttpClient.webSocketSession`.
 *
 * @param url `ws:` or `wss:`, or another form that the browser accepts: `https:`, a relative URL.
 * @throws (by rejecting) {ConnectError} if the session cannot be opened, with the step `connect`,
 *   because browsers do not give pages a reason. The reason of `options.signal`. {TypeError |
 *   RangeError} for an invalid option or URL, before anything is sent.
 */
export async function openWebSocket(
  url: string | URL,
  options: BrowserClientOptions = {},
): Promise<ClientSession> {
  return openSession(thisPlatform(), url, options)
}

/** See `openWebSocket`. */
export async function openSession(
  platform: Platform,
  url: string | URL,
  options: BrowserClientOptions,
): Promise<BrowserSession> {
  const settings = readBrowserOptions(options)
  const { connectTimeout, signal } = settings
  signal?.throwIfAborted()

  const { page, clock } = platform
  const wire = createWire(platform, url, settings)
  const session = new BrowserSession(wire, settings, clock, hintFor(wire.url, page))
  page.addEventListener('pagehide', session.pageHidden, { signal: session.signal })
  const onTimeout = (): void => {
    session.abortOpening(new ConnectError('connect', `no session within ${connectTimeout} ms`))
  }
  const timer = connectTimeout === null ? null : platform.clock.setTimer(connectTimeout, onTimeout)
  try {
    await session.opening
  } finally {
    timer?.[Symbol.dispose]()
  }
  return session
}

/** A Towpath server refuses pages of other origins by default, and browsers hide the reason. */
function hintFor(url: string, { location }: Platform['page']): string {
  if (location === undefined || new URL(url).host === location.host) return ''
  return `; the server has another origin: does its option "origins" list ${location.origin}?`
}

function createWire(
  { WebSocket, WebSocketStream, clock }: Platform,
  given: string | URL,
  { protocols, webSocketStream, outgoing: { maxBytes } }: BrowserSettings,
): Wire {
  const url = String(given)
  try {
    return WebSocketStream !== undefined && webSocketStream
      ? new StreamWire(new WebSocketStream(url, { protocols }), maxBytes)
      : new SocketWire(new WebSocket(url, protocols), clock, maxBytes)
  } catch (cause) {
    throw new TypeError(`Cannot ${ACT}: the browser refuses the URL or a subprotocol`, { cause })
  }
}
