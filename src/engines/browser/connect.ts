/**
 * A connection of a page that comes back when its session is lost.
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
 * Makes a connection that comes back when its session is lost, and returns at once; the first attempt is then under
 * way. It is the caller's to close. The page's network and whether it is looked at make it faster: a wait ends when the
 * network is there again or the page is seen.
 *
 * @param url an address, or a function that is asked for one before each attempt.
 * @param options those of `openWebSocket` for its sessions, and `reconnect`, `whileAway`, `opened`, `renew`,
 *   `attemptTimeout` and `heartbeat` for itself.
 * @throws {TypeError | RangeError} for an option that means nothing. An address that the browser refuses ends the
 *   connection.
 */
export function connect(
  url: ConnectTarget,
  options: ConnectOptions<BrowserClientOptions, ClientSession> = {},
): ReconnectingWebSocket<ClientSession> {
  // What a page or a worker has; Node's types know no events of the global object.
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
