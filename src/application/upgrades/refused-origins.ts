/**
 * Logs refused origins. A page cannot see why it was refused, so the log is the only place where
 * its developer finds the reason. Clients can send any origin, so the log is limited.
 */

import { defaultPort, type Origin } from '../calls/authority.ts'
import { type Logger, logSafely } from '../logger.ts'

/** An origin is not logged again within this time. */
const QUIET_MS = 60_000

/** The limit of origins logged within that time. */
const MAX_ORIGINS = 20

/** Logs each refused origin at most once a minute. */
export class RefusedOrigins {
  readonly #logger: Logger
  /** When each origin was last logged, oldest first. */
  readonly #written = new Map<string, number>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param now the clock's time, in milliseconds. */
  refused(origin: string, own: string, route: string, now: number): void {
    for (const [known, at] of this.#written) {
      if (now - at < QUIET_MS) break
      this.#written.delete(known)
    }
    if (this.#written.has(origin) || this.#written.size >= MAX_ORIGINS) return
    this.#written.set(origin, now)
    const message = `Upgrade refused: pages of ${origin} may not connect to ${own}, set the option "origins" to allow them`
    logSafely(() => this.#logger.warn({ origin, own, route }, message))
  }
}

/**
 * Returns `origin` as browsers write it. An opaque or invalid origin is described, never repeated.
 */
export function showOrigin(origin: Origin | null): string {
  // Host names have at most 255 characters (RFC 1035 §2.3.4).
  if (origin === null || origin.host.length > 255) return 'an origin that is opaque or invalid'
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host
  const hasOwnPort = origin.port !== null && origin.port !== defaultPort(origin.scheme)
  return `${origin.scheme}://${host}${hasOwnPort ? `:${origin.port}` : ''}`
}
