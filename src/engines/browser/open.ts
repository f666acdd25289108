/**
 * The two ways to a session in a browser.
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

/** What `webSocket` runs with a session. */
export type ClientBlock<T> = (session: ClientSession) => Promise<T> | T

/**
 * Connects, runs `block` with the session, and ends the session when the block ends: Close 1000 if it returned, Close
 * 4011 without any detail if it threw (a browser does not let a page say 1011). The call waits for the closing
 * handshake (`closeTimeout` bounds it) and for everything that was launched.
 *
 * @param url `ws:` or `wss:`, and what else the browser takes: `https:`, relative ones.
 * @returns what `block` returned.
 * @throws (by rejecting) as `openWebSocket`; what the block or a launched task failed with, whichever was first; the
 *   signal's reason if that fires before the block ends; what the block threw because the server had left
 *   (`ClosedReceiveChannelError`, for one: a loop over `incoming` ends without it).
 *
 * Ktor: `HttpClient.webSocket`.
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
 * Connects. The session is the caller's to close: `close()` and `closed`, or `await using`. A launched task that fails
 * closes it with 4011, and is the `cause` of `closed`.
 *
 * @param url `ws:` or `wss:`, and what else the browser takes: `https:`, relative ones.
 * @throws (by rejecting) {ConnectError} when no session comes about, with the step `connect`: a browser does not tell a
 *   page why; the reason of `options.signal`; {TypeError | RangeError} for an option or a URL that means nothing, before
 *   anything is sent.
 *
 * Ktor: `HttpClient.webSocketSession`.
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
    session.abandon(new ConnectError('connect', `there is no session after ${connectTimeout} ms`))
  }
  const timer = connectTimeout === null ? null : platform.clock.setTimer(connectTimeout, onTimeout)
  try {
    await session.opening
  } finally {
    timer?.[Symbol.dispose]()
  }
  return session
}

/** A server of ours refuses pages of other origins unless it lists them, and the browser does not tell the page. */
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
