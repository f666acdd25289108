/**
 * What a platform knows of the network and of the page before a session does: browsers do, Node does not.
 */

/**
 * `online` and `offline`: the device has a network again, or none at all; `visible` and `hidden`: the page is looked
 * at, or not.
 */
export type ConnectionHint = 'online' | 'offline' | 'visible' | 'hidden'

/**
 * Hints for a connection that comes back. They make it faster and never stop it: a platform that is wrong about its
 * network costs time and nothing else.
 */
export interface ConnectionHints {
  /** Whether there may be a network; `true` where nobody knows. */
  readonly isOnline: boolean

  /** Calls `listener` with each hint, in order, until what is returned is disposed of. */
  listen(listener: (hint: ConnectionHint) => void): Disposable
}
