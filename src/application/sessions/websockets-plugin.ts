/**
 * The plugin `WebSockets`: the settings of all WebSockets of an application.
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
import { readExtensions, requireNoPerMessageDeflate } from '../../extensions/internal.ts'
import type { AdmissionSettings } from '../upgrades/admission.ts'
import type { OriginRule, Plugin } from '../application.ts'
import { type MemoryBudget, SharedBudget } from './memory-budget.ts'
import type { CheckedOriginRule } from '../upgrades/origin-policy.ts'
import { readOriginRule } from '../upgrades/origin-policy.ts'
import { definePlugin } from '../plugin.ts'

/**
 * The options of `WebSockets`, all optional. Routes may override `origins`, `extensions` and the
 * options of `SessionOptions`. `docs/limits.md` says what happens at each limit.
 */
export interface WebSocketsOptions extends SessionOptions {
  /**
   * Time limit for origin rules, interceptors and the choice of a subprotocol together; above 0.
   * When it passes, the client gets 503 and `call.signal` aborts.
   *
   * @defaultValue 10 seconds
   */
  readonly handshakeTimeout?: Duration

  /** Origins that may connect. @defaultValue 'same-origin' */
  readonly origins?: OriginRule

  /**
   * Extensions that may change messages if the client agrees: `[permessageDeflate()]` compresses
   * them. Outgoing messages pass the extensions in this order, incoming messages in reverse. Raw
   * sessions use no extensions, because they see frames as they travel. RFC 6455 §9.
   *
   * @defaultValue none
   */
  readonly extensions?: readonly Extension[]

  /**
   * The limit of simultaneous connections, including undecided upgrades: a whole number above 0, or
   * `Infinity` for no limit. Above it, upgrades get 503 with `Retry-After`.
   *
   * @defaultValue 100000
   */
  readonly maxConnections?: number

  /**
   * The limit of simultaneous connections from one address: a whole number above 0, or `Infinity`
   * for no limit. Above it, upgrades get 429 with `Retry-After`. The address is
   * `call.request.origin.remoteHost`, so plugins that trust a proxy can set it. IPv6 addresses are
   * counted by /64. Connections without an address are not counted.
   *
   * @defaultValue 1000 for public addresses, and no limit for private networks, where proxies are.
   *   An explicit number applies to all addresses
   */
  readonly maxConnectionsPerAddress?: number

  /**
   * The limit of upgrades per second from all clients together, with a burst of two seconds: a
   * whole number above 0, or `Infinity` for no limit. Above it, upgrades get 503 with
   * `Retry-After`. Protects running sessions when all clients reconnect at once.
   *
   * @defaultValue 5000
   */
  readonly maxUpgradesPerSecond?: number

  /**
   * The limit of headers in one upgrade request: a whole number above 0, or `Infinity` for no limit
   * beside the server's own. Above it, the request gets 431. RFC 6585 §5.
   *
   * @defaultValue 100
   */
  readonly maxHeaderCount?: number

  /**
   * The limit of characters in all header names and values of one upgrade request: a whole number
   * above 0, or `Infinity` for no limit beside the server's own. Above it, the request gets 431.
   * RFC 6585 §5.
   *
   * @defaultValue 16384
   */
  readonly maxHeaderSize?: number

  /**
   * The limit of bytes that all sessions together hold in queues and partial messages: a whole
   * number above 0, or `Infinity` for no limit. A budget of `createMemoryBudget` is shared by
   * several applications. Above seven eighths, upgrades get 503 with `Retry-After`. Above the
   * limit, sessions that hold most are closed with 1013, the youngest first if they hold the same,
   * and their queues are dropped. The limit may be exceeded by a sixteenth, and within one turn of
   * the event loop, before sessions are closed.
   *
   * @defaultValue 256 MiB (268435456)
   */
  readonly memoryBudget?: number | MemoryBudget
}

/** The checked options of `WebSockets`. Times are in milliseconds, sizes in bytes. */
export interface WebSocketsSettings extends AdmissionSettings {
  readonly session: RouteSettings
  readonly handshakeTimeout: number
  readonly origins: CheckedOriginRule
  readonly extensions: readonly Extension[]
}

const ACT = 'install WebSockets'

/** The plugin's settings under the names of their options, without the settings of sessions. */
type OwnSettings = SettingsOf<
  Omit<WebSocketsOptions, keyof SessionOptions>,
  { origins: CheckedOriginRule }
>

/** The options of the plugin, without the options of sessions. */
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
 * Adds WebSocket support to an application. Install it before declaring `webSocket` routes.
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
    requireNoPerMessageDeflate(ACT, options)
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

/** Creates a budget for this application unless a shared one is given. `null`: no limit. */
function toSharedBudget(budget: number | MemoryBudget): SharedBudget | null {
  if (budget instanceof SharedBudget) return budget
  return budget === Infinity ? null : new SharedBudget(Number(budget))
}
