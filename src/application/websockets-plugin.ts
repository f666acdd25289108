/**
 * The plugin `WebSockets`: what holds for every WebSocket of an application.
 */

import type { Duration } from '../base/index.ts'
import type { OriginRule, Plugin } from './application.ts'
import { requireKnownNames } from './option-check.ts'
import type { CheckedOriginRule } from './origin-policy.ts'
import { readOriginRule } from './origin-policy.ts'
import { definePlugin } from './plugin.ts'
import type { RouteSettings, SessionOptions } from './session-options.ts'
import {
  applySessionOptions,
  DEFAULT_SETTINGS,
  readDuration,
  SESSION_OPTION_NAMES,
} from './session-options.ts'

/** The options of `WebSockets`. All have a default; routes may override all but `handshakeTimeout`. */
export interface WebSocketsOptions extends SessionOptions {
  /**
   * How long origin rules, interceptors and the choice of a subprotocol may take together; above 0. Past it
   * the client gets 503 and `call.signal` fires.
   *
   * @defaultValue 10 seconds
   */
  readonly handshakeTimeout?: Duration

  /** Which pages may connect. @defaultValue 'same-origin' */
  readonly origins?: OriginRule
}

/** What `WebSockets` was installed with, complete. Times are in milliseconds, sizes in bytes. */
export interface WebSocketsSettings {
  readonly session: RouteSettings
  readonly handshakeTimeout: number
  readonly origins: CheckedOriginRule
}

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000
const ACT = 'install WebSockets'

/**
 * Adds WebSocket support to an application: has to be installed before `webSocket` routes are declared.
 *
 * Ktor: `WebSockets`.
 *
 * @example
 * app.install(WebSockets, { pingPeriod: seconds(60), maxFrameSize: 64 * 1024 })
 */
export const WebSockets: Plugin<WebSocketsOptions, WebSocketsSettings> = definePlugin<
  WebSocketsOptions,
  WebSocketsSettings
>({
  name: 'WebSockets',
  install(_app, options) {
    requireKnownNames(ACT, options, [...SESSION_OPTION_NAMES, 'handshakeTimeout', 'origins'])
    const { handshakeTimeout, origins } = options
    return Object.freeze({
      session: applySessionOptions(ACT, DEFAULT_SETTINGS, options),
      handshakeTimeout: readDuration(
        ACT,
        'handshakeTimeout',
        handshakeTimeout,
        DEFAULT_HANDSHAKE_TIMEOUT_MS,
      ),
      origins: readOriginRule(ACT, origins, 'same-origin'),
    })
  },
})
