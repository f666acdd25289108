/**
 * Hints of a platform about the network and the page. Browsers have them; Node does not.
 */

/**
 * `online` and `offline`: the device has a network, or none. `visible` and `hidden`: the page is
 * visible, or not. `left` and `shown`: the user has left the page, or has returned to it.
 *
 * A page that was left may be kept in memory, and must not connect until it is shown again.
 */
export type ConnectionHint = 'online' | 'offline' | 'visible' | 'hidden' | 'left' | 'shown'

/**
 * Hints for a reconnecting connection. Hints about the network only shorten or lengthen waits, so a
 * platform that is wrong about its network costs time and nothing else.
 */
export interface ConnectionHints {
  /** Whether there may be a network; `true` if the platform does not know. */
  readonly isOnline: boolean

  /** Calls `listener` with each hint, in order, until the result is disposed of. */
  listen(listener: (hint: ConnectionHint) => void): Disposable
}
