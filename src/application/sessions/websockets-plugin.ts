/**
 * The plugin `WebSockets`: what holds for every WebSocket of an application.
 */

import { applySessionOptions, DEFAULT_SETTINGS, SESSION_OPTIONS } from '../../session/internal.ts'
import type { RouteSettings, SessionOptions } from '../../session/index.ts'
import {
  checked,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  readWholeNumber,
  requireKnownNames,
  type SettingsOf,
  timeLimit,
  WHOLE_OR_INFINITE,
  wholeOrInfinite,
} from '../../base/internal.ts'
import type { Duration } from '../../base/index.ts'
import type { Extension } from '../../extensions/index.ts'
import { readExtensions } from '../../extensions/internal.ts'
import type { AdmissionSettings } from '../upgrades/admission.ts'
import type { OriginRule, Plugin } from '../application.ts'
import { type MemoryBudget, SharedBudget } from './memory-budget.ts'
import type { CheckedOriginRule } from '../upgrades/origin-policy.ts'
import { readOriginRule } from '../upgrades/origin-policy.ts'
import { definePlugin } from '../plugin.ts'

/**
 * The options of `WebSockets`. All have a default; routes may override those of `SessionOptions` and `origins`.
 * What each limit does when it is reached is in `docs/limits.md`.
 */
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

  /**
   * What may change messages on their way, if the client agrees: `[permessageDeflate()]` compresses them. Messages
   * pass them in this order on the way out, and in the other on the way in. Raw sessions show frames as they travel,
   * and have none. RFC 6455 §9.
   *
   * @defaultValue none
   */
  readonly extensions?: readonly Extension[]

  /**
   * Most connections at a time, those whose upgrade is being decided included: a whole number above 0, or
   * `Infinity` for no limit. One more gets 503 with `Retry-After`.
   *
   * @defaultValue 100000
   */
  readonly maxConnections?: number

  /**
   * Most connections at a time from one address: a whole number above 0, or `Infinity` for no limit. One more
   * gets 429 with `Retry-After`. The address is `call.request.origin.remoteHost`, so that plugins which trust a
   * proxy have their say; IPv6 addresses count by /64; connections without an address are not counted.
   *
   * @defaultValue 1000 for public addresses; none for those of private networks, where proxies are. A number
   *   that is given holds for all addresses
   */
  readonly maxConnectionsPerAddress?: number

  /**
   * Most upgrades per second from all clients together, two seconds' worth at once: a whole number above 0,
   * or `Infinity` for no limit. One more gets 503 with `Retry-After`. Protects the sessions that are there from
   * all clients coming back at once.
   *
   * @defaultValue 5000
   */
  readonly maxUpgradesPerSecond?: number

  /**
   * Most headers of one upgrade request: a whole number above 0, or `Infinity` for no limit beside the
   * server's own. One more gets 431. RFC 6585 §5.
   *
   * @defaultValue 100
   */
  readonly maxHeaderCount?: number

  /**
   * Most characters of all names and values of one upgrade request's headers together: a whole number above
   * 0, or `Infinity` for no limit beside the server's own. One more gets 431. RFC 6585 §5.
   *
   * @defaultValue 16384
   */
  readonly maxHeaderSize?: number

  /**
   * Bytes that all sessions together may keep in memory, in queues and in what has arrived in part: a whole
   * number above 0, or `Infinity` for no limit; or a budget of `createMemoryBudget`, which several applications
   * share. From seven eighths of it on upgrades get 503 with `Retry-After`. Past it the sessions that hold most are closed
   * with 1013, of equals the youngest first, until it is enough; what waited in their queues is dropped. It may be
   * exceeded by a sixteenth, and within one turn of the event loop, before that happens.
   *
   * @defaultValue 256 MiB (268435456)
   */
  readonly memoryBudget?: number | MemoryBudget
}

/** What `WebSockets` was installed with, complete. Times are in milliseconds, sizes in bytes. */
export interface WebSocketsSettings extends AdmissionSettings {
  readonly session: RouteSettings
  readonly handshakeTimeout: number
  readonly origins: CheckedOriginRule
  readonly extensions: readonly Extension[]
}

const ACT = 'install WebSockets'

/** The settings of the plugin under the names of their options, without those of sessions. */
type OwnSettings = SettingsOf<
  Omit<WebSocketsOptions, keyof SessionOptions>,
  { origins: CheckedOriginRule }
>

/** The options of the plugin, beside those of sessions. */
export const PLUGIN_OPTIONS: OptionTable<OwnSettings> = optionTable<OwnSettings>({
  handshakeTimeout: timeLimit(10_000),
  origins: checked<CheckedOriginRule, OriginRule>('same-origin', readOriginRule),
  extensions: checked<readonly Extension[], readonly Extension[]>([], readExtensions),
  maxConnections: wholeOrInfinite(100_000),
  maxConnectionsPerAddress: wholeOrInfinite(1000),
  maxUpgradesPerSecond: wholeOrInfinite(5000),
  maxHeaderCount: wholeOrInfinite(100),
  maxHeaderSize: wholeOrInfinite(16 * 1024),
  memoryBudget: checked<number | MemoryBudget>(256 * 1024 * 1024, readBudget),
})

const OPTION_NAMES: readonly string[] = [...SESSION_OPTIONS.names, ...PLUGIN_OPTIONS.names]

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
    requireKnownNames(ACT, options, OPTION_NAMES)
    const { memoryBudget, ...own } = PLUGIN_OPTIONS.lay(
      optionReader(ACT),
      options,
      PLUGIN_OPTIONS.defaults,
    )
    return Object.freeze({
      ...own,
      session: applySessionOptions(ACT, DEFAULT_SETTINGS, options),
      countsOwnNetworks: options.maxConnectionsPerAddress !== undefined,
      memoryBudget: toSharedBudget(memoryBudget),
    })
  },
})

function readBudget(act: string, budget: unknown): number | MemoryBudget {
  if (budget instanceof SharedBudget) return budget
  if (typeof budget === 'number') {
    return readWholeNumber(act, 'memoryBudget', budget, budget, WHOLE_OR_INFINITE)
  }
  throw new TypeError(
    `Cannot ${act}: option "memoryBudget" is ${kindOf(budget)}, expected a number or createMemoryBudget(bytes)`,
  )
}

/** Each application has a budget of its own, unless it was given one. `null`: no limit. */
function toSharedBudget(budget: number | MemoryBudget): SharedBudget | null {
  if (budget instanceof SharedBudget) return budget
  return budget === Infinity ? null : new SharedBudget(Number(budget))
}
