/**
 * The settings of a server's sessions. A session has a few settings of its own. The settings that
 * it shares with its route are on the prototype: a copy would be the largest object of an idle
 * session.
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

/** The settings that differ between sessions. */
type OwnSettings = Pick<SessionSettings, 'role' | 'id' | 'protocol' | 'extensions'>

/** Returns a function that makes the settings of a route's sessions. */
export function settingsOpener(shared: RouteSettings): OpenSettings {
  /** The id is created when it is first read; most ids never are. */
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

  // One class for each route, with the route's settings on its prototype.
  Object.assign(Settings.prototype, shared)
  // OwnSettings and the prototype's RouteSettings together are the SessionSettings.
  return (...own) => new Settings(...own) as OwnSettings as OwnSettings & RouteSettings
}
