/**
 * The settings of a server's sessions. Sessions of one route that agreed on the same share them: a
 * copy would be the largest object of an idle session.
 */

import type { AgreedExtension } from '../../extensions/internal.ts'
import type { RouteSettings } from '../../session/index.ts'
import type { SessionSettings } from '../../session/internal.ts'

/** Returns the settings of one session of a route. */
export type OpenSettings = (
  protocol: string | null,
  extensions: readonly AgreedExtension[],
) => SessionSettings

/** A function chooses subprotocols that clients invent, so only the latest settings are shared. */
const MAX_SHARED = 8

/** Returns a function that returns the settings of a route's sessions. */
export function settingsOpener(shared: RouteSettings): OpenSettings {
  // Only their sessions keep them in memory: a subprotocol may be a secret.
  const latest: WeakRef<SessionSettings>[] = []
  return (protocol, extensions) => {
    for (const reference of latest) {
      const known = reference.deref()
      if (known !== undefined && isAgreement(known, protocol, extensions)) return known
    }
    const settings: SessionSettings = { ...shared, role: 'server', protocol, extensions }
    latest.push(new WeakRef(settings))
    if (latest.length > MAX_SHARED) latest.shift()
    return settings
  }
}

/** Whether `settings` has this result of a handshake. Equal extensions are one object. */
function isAgreement(
  settings: SessionSettings,
  protocol: string | null,
  extensions: readonly AgreedExtension[],
): boolean {
  const { extensions: agreed = [] } = settings
  return (
    settings.protocol === protocol &&
    agreed.length === extensions.length &&
    agreed.every((extension, index) => extension === extensions[index])
  )
}
