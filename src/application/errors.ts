/**
 * The errors of an application: mistakes in its setup, and upgrades that reached a limit.
 *
 * `PluginMissingError`, `DuplicatePluginError` and `RouteConflictError` are thrown at start-up,
 * where the mistake is.
 */

import { TowpathError } from '../base/index.ts'

/** A plugin is used before it is installed. */
export class PluginMissingError extends TowpathError {
  override readonly name = 'PluginMissingError'
  readonly code = 'TOWPATH_PLUGIN_MISSING'

  /** The name of the plugin. */
  readonly plugin: string

  /** @param act what needs the plugin, such as `declare webSocket route "/chat"`. */
  constructor(act: string, plugin: string) {
    super(
      `Cannot ${act}: plugin "${plugin}" is not installed, expected app.install(${plugin}) before it`,
    )
    this.plugin = plugin
  }
}

/** A plugin with the same name is already installed. */
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

/** Two routes match the same paths, so that one of them could never be reached. */
export class RouteConflictError extends TowpathError {
  override readonly name = 'RouteConflictError'
  readonly code = 'TOWPATH_ROUTE_CONFLICT'

  /** The full path of the rejected declaration. */
  readonly path: string

  /** The path of the earlier route. It may be spelt differently: `/a/:x` and `/a/:y`. */
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

/** An upgrade was not decided within `handshakeTimeout`. It is the reason of `call.signal`. */
export class HandshakeTimeoutError extends TowpathError {
  override readonly name = 'HandshakeTimeoutError'
  readonly code = 'TOWPATH_HANDSHAKE_TIMEOUT'

  /** The limit, in milliseconds. */
  readonly limitMs: number

  constructor(limitMs: number) {
    super(`Cannot upgrade: the decision took longer than ${limitMs} ms`)
    this.limitMs = limitMs
  }
}

/** An upgrade was refused because it reached a limit. It is the `cause` of `upgradeRefused`. */
export class UpgradeLimitError extends TowpathError {
  override readonly name = 'UpgradeLimitError'
  readonly code = 'TOWPATH_UPGRADE_LIMIT'

  /** The option that sets the limit. */
  readonly limitName:
    | 'maxConnections'
    | 'maxConnectionsPerAddress'
    | 'maxSocketsPerConnection'
    | 'maxUpgradesPerSecond'
    | 'maxHeaderCount'
    | 'maxHeaderSize'

  /** The limit: connections, upgrades per second, headers, or characters. */
  readonly limit: number

  constructor(limitName: UpgradeLimitError['limitName'], limit: number) {
    super(`Cannot upgrade: the limit ${limitName} of ${limit} is reached`)
    this.limitName = limitName
    this.limit = limit
  }
}
