/**
 * What the log says of refused origins. A page cannot see why it was refused, so the developer of a page on
 * another port would find nothing anywhere; and any client may send any origin, so little is written.
 */

import { defaultPort, type Origin } from '../calls/authority.ts'
import { type Logger, logSafely } from '../logger.ts'

/** How long one origin is not written of again. */
const QUIET_MS = 60_000

/** How many origins are written of in that time at most. */
const MAX_ORIGINS = 20

/** Writes of each refused origin once a minute. */
export class RefusedOrigins {
  readonly #logger: Logger
  /** When each was written of last, oldest first. */
  readonly #written = new Map<string, number>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param now of the clock, in milliseconds. */
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

/** `origin` as a browser writes it; what names no origin is described, never repeated. */
export function showOrigin(origin: Origin | null): string {
  // No name is longer (RFC 1035 §2.3.4).
  if (origin === null || origin.host.length > 255) return 'an origin that is opaque or invalid'
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host
  const hasOwnPort = origin.port !== null && origin.port !== defaultPort(origin.scheme)
  return `${origin.scheme}://${host}${hasOwnPort ? `:${origin.port}` : ''}`
}
