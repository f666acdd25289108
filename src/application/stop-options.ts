/**
 * The options and the result of stopping an application.
 */

import type { Duration } from '../base/index.ts'

/**
 * How far an application is from its end. `leaving`: during `lead`, it still takes upgrades.
 * `stopping`: it refuses upgrades and ends its sessions.
 */
export type ApplicationState = 'running' | 'leaving' | 'stopping' | 'stopped'

/** The time limits for stopping an application. */
export interface StopOptions {
  /**
   * Time before anything is stopped, 0 or above. Meanwhile `readiness(app)` is 503, and upgrades
   * are still taken: a load balancer needs some seconds until it sends clients elsewhere.
   *
   * @defaultValue 0
   */
  readonly lead?: Duration

  /**
   * Time over which sessions are closed, 0 or above, so that clients do not all reconnect at once.
   * The first batch is closed immediately.
   *
   * @defaultValue 1 second
   */
  readonly grace?: Duration

  /**
   * How long handlers are awaited, measured from the end of `lead`; at least `grace`.
   *
   * @defaultValue 15 seconds: `grace`, the closing handshake's 10 seconds, and some room
   */
  readonly timeout?: Duration

  /**
   * Asks clients to reconnect within this time, 0 or above. Each client gets a random delay: the
   * Close frame has the message `reconnect in 12.3 s`, and refused upgrades get a matching
   * `Retry-After`. `connect` follows the message. `null`: 1001 without a message, and `Retry-After:
   * 5`.
   *
   * @defaultValue null
   */
  readonly reconnectWithin?: Duration | null
}

/** How the sessions ended when an application stopped. */
export interface StopCounts {
  /** Sessions that were running: the sum of `closed` and `aborted`. */
  readonly sessions: number
  /** Sessions that ended before the deadline. */
  readonly closed: number
  /** Sessions that were dropped at the deadline. */
  readonly aborted: number
}
