/**
 * What sessions share: the sessions of one route whose handshakes agreed on the same. An idle
 * session keeps one reference to all of it.
 */

import type { Environment } from '../../base/internal.ts'
import type { SessionObserver, SessionSettings } from '../settings.ts'
import { type StretchPool, stretchPoolOf } from './stretch.ts'

/**
 * `raw`: the handler sees every frame and fragment, and nothing is answered. `default`: the handler
 * sees whole messages; the session answers pings and Close frames.
 */
export type SessionKind = 'default' | 'raw'

/** The shared parts of sessions. */
export class SessionHome {
  readonly settings: SessionSettings
  readonly environment: Environment
  readonly observer: SessionObserver
  readonly kind: SessionKind
  /** Whether messages pass through extensions. */
  readonly hasExtensions: boolean
  /** The reserved bits that the extensions use: RSV1 is 4. */
  readonly claimedBits: number
  /** The memory that frames are serialised into, with the end of each turn. */
  readonly stretches: StretchPool

  constructor(
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
    kind: SessionKind,
  ) {
    const { extensions = [] } = settings
    this.settings = settings
    this.environment = environment
    this.observer = observer
    this.kind = kind
    this.hasExtensions = extensions.length > 0
    this.claimedBits = extensions.reduce((bits, { reservedBits }) => bits | reservedBits, 0)
    this.stretches = stretchPoolOf(environment)
  }
}

/** The last home of sessions with the same settings. It lives as long as the settings. */
const HOMES = new WeakMap<SessionSettings, SessionHome>()

/** Returns the home of a session. Sessions with the same four arguments share it. */
export function homeOf(
  settings: SessionSettings,
  environment: Environment,
  observer: SessionObserver,
  kind: SessionKind,
): SessionHome {
  const last = HOMES.get(settings)
  if (last?.environment === environment && last.observer === observer && last.kind === kind) {
    return last
  }
  const home = new SessionHome(settings, environment, observer, kind)
  HOMES.set(settings, home)
  return home
}
