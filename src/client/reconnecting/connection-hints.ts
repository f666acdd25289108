/**
 * What a platform knows of the network and of the page before a session does: browsers do, Node does not.
 */

/**
 * `online` and `offline`: the device has a network again, or none at all; `visible` and `hidden`: the page is looked
 * at, or not; `left` and `shown`: the user has left the page, or has come back to it.
 *
 * A page that was left may be kept, with what it holds, and must connect to nothing before it is shown again.
 */
export type ConnectionHint = 'online' | 'offline' | 'visible' | 'hidden' | 'left' | 'shown'

/**
 * Hints for a connection that comes back. Hints about the network make it faster and never stop it: a platform that is
 * wrong about its network costs time and nothing else.
 */
export interface ConnectionHints {
  /** Whether there may be a network; `true` where nobody knows. */
  readonly isOnline: boolean

  /** Calls `listener` with each hint, in order, until what is returned is disposed of. */
  listen(listener: (hint: ConnectionHint) => void): Disposable
}
