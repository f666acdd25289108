/**
 * The reconnecting connection of a page.
 */

import type {
  ClientSession,
  ConnectOptions,
  ConnectTarget,
  ReconnectingWebSocket,
} from '../../client/portable.ts'
import { connectWith, RECONNECTING_OPTIONS } from '../../client/portable.ts'
import { type BrowserClientOptions, readBrowserOptions } from './browser-options.ts'
import { terseReader } from './terse-reader.ts'
import { openSession } from './open.ts'
import { pageHints, type PageScope } from './page-hints.ts'
import { PageTurns } from './page-turns.ts'
import { type Platform, thisPlatform } from './platform.ts'

/**
 * Creates a connection that reconnects when its session is lost. Returns at once, while the first
 * attempt is running. The caller closes the connection. A wait is shortened when the network
 * returns or the page becomes visible.
 *
 * @param url a URL, or a function that returns the URL for each attempt.
 * @param options those of `openWebSocket` for its sessions, and `reconnect`, `whileAway`, `opened`,
 *   `renew`, `attemptTimeout` and `heartbeat` for the connection.
 * @throws {TypeError | RangeError} for an invalid option. A URL that the browser refuses ends the
 *   connection.
 */
export function connect(
  url: ConnectTarget,
  options: ConnectOptions<BrowserClientOptions, ClientSession> = {},
): ReconnectingWebSocket<ClientSession> {
  // The global object of a page or worker. Node's types do not have its events.
  const scope = globalThis as unknown as PageScope
  return connectOn(thisPlatform(), scope, url, options)
}

/** See `connect`. */
export function connectOn(
  platform: Platform,
  scope: PageScope,
  url: ConnectTarget,
  options: ConnectOptions<BrowserClientOptions, ClientSession>,
): ReconnectingWebSocket<ClientSession> {
  return connectWith<BrowserClientOptions, ClientSession>(
    {
      open: (address, each) => openSession(platform, address, each),
      check: (_, each) => void readBrowserOptions(each),
      read: (own) => RECONNECTING_OPTIONS.lay(terseReader, own, RECONNECTING_OPTIONS.defaults),
      environment: {
        clock: platform.clock,
        random: (target) => crypto.getRandomValues(target),
      },
      loop: new PageTurns(platform.clock),
      hints: pageHints(scope),
    },
    url,
    options,
  )
}
