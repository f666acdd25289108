/**
 * The settings of a server's sessions: each has a few of its own, and behind them, as the prototype, those that it
 * shares with all of its route. A copy of them all would be the largest thing that an idle session holds.
 */

import type { Environment } from '../../base/internal.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { RouteSettings } from '../../session/index.ts'
import { createSessionId, type SessionSettings } from '../../session/internal.ts'

/** Makes the settings of one session of a route. */
export type OpenSettings = (
  environment: Environment,
  protocol: string | null,
  extensions: readonly AgreedExtension[],
) => SessionSettings

/** What a session has for itself. */
type OwnSettings = Pick<SessionSettings, 'role' | 'id' | 'protocol' | 'extensions'>

/** Prepares the settings of a route for its sessions. */
export function settingsOpener(shared: RouteSettings): OpenSettings {
  /** The id comes into being when it is first asked for, which most sessions never are. */
  class Settings implements OwnSettings {
    readonly protocol: string | null
    readonly extensions: readonly AgreedExtension[]
    readonly #environment: Environment
    #id: string | null = null

    constructor(
      environment: Environment,
      protocol: string | null,
      extensions: readonly AgreedExtension[],
    ) {
      this.#environment = environment
      this.protocol = protocol
      this.extensions = extensions
    }

    get role(): 'server' {
      return 'server'
    }

    get id(): string {
      this.#id ??= createSessionId(this.#environment)
      return this.#id
    }
  }

  // A class for each route, so that its prototype can have the settings of the route.
  Object.assign(Settings.prototype, shared)
  // The two together are all of the settings.
  return (...own) => new Settings(...own) as OwnSettings as OwnSettings & RouteSettings
}
