/**
 * The errors of an application: what was put together wrongly, and a handshake that took too long.
 *
 * All but the last are thrown where the mistake is made, at start-up.
 */

import { TowpathError } from '../base/index.ts'

/** A plugin is used that has not been installed. */
export class PluginMissingError extends TowpathError {
  override readonly name = 'PluginMissingError'
  readonly code = 'TOWPATH_PLUGIN_MISSING'

  /** The name of the plugin. */
  readonly plugin: string

  /** @param act what cannot be done without it, such as `declare webSocket route "/chat"`. */
  constructor(act: string, plugin: string) {
    super(
      `Cannot ${act}: plugin "${plugin}" is not installed, expected app.install(${plugin}) before it`,
    )
    this.plugin = plugin
  }
}

/** A plugin of this name has been installed before. */
export class DuplicatePluginError extends TowpathError {
  override readonly name = 'DuplicatePluginError'
  readonly code = 'TOWPATH_PLUGIN_DUPLICATE'

  /** The name of the plugin. */
  readonly plugin: string

  constructor(plugin: string) {
    super(
      `Cannot install plugin "${plugin}": it is installed already, expected one app.install(${plugin})`,
    )
    this.plugin = plugin
  }
}

/** Two handlers for the same paths: one of them could never be reached. */
export class RouteConflictError extends TowpathError {
  override readonly name = 'RouteConflictError'
  readonly code = 'TOWPATH_ROUTE_CONFLICT'

  /** The path that was being declared, in full. */
  readonly path: string

  /** The path that was declared before it; another spelling perhaps (`/a/:x` and `/a/:y`). */
  readonly existing: string

  constructor(path: string, existing: string) {
    super(
      path === existing
        ? `Cannot declare route "${path}": it has a handler already, expected another path`
        : `Cannot declare route "${path}": "${existing}" matches the same paths, expected another path`,
    )
    this.path = path
    this.existing = existing
  }
}

/** An upgrade was not decided before `handshakeTimeout`: the reason of `call.signal`. */
export class HandshakeTimeoutError extends TowpathError {
  override readonly name = 'HandshakeTimeoutError'
  readonly code = 'TOWPATH_HANDSHAKE_TIMEOUT'

  /** What was allowed, in milliseconds. */
  readonly limitMs: number

  constructor(limitMs: number) {
    super(`Cannot upgrade: the interceptors took longer than ${limitMs} ms`)
    this.limitMs = limitMs
  }
}

/** An upgrade was refused because a limit on them was reached: the cause in `upgradeRefused`. */
export class UpgradeLimitError extends TowpathError {
  override readonly name = 'UpgradeLimitError'
  readonly code = 'TOWPATH_UPGRADE_LIMIT'

  /** Which limit. */
  readonly limitName:
    | 'maxConnections'
    | 'maxConnectionsPerAddress'
    | 'maxUpgradesPerSecond'
    | 'maxHeaderCount'
    | 'maxHeaderSize'

  /** What is allowed: connections, upgrades per second, headers, or characters. */
  readonly limit: number

  constructor(limitName: UpgradeLimitError['limitName'], limit: number) {
    super(`Cannot upgrade: ${limitName} of ${limit} is reached`)
    this.limitName = limitName
    this.limit = limit
  }
}
