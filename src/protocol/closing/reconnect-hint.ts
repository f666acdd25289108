/**
 * What a stopping server tells those who can come back, in the message of its Close frame: when.
 *
 * The format is `reconnect in 12.3 s`: ASCII, seconds with at most three decimals, counted from the moment when it
 * arrives. It is stable: clients that are not ours may read it too.
 */

const HINT = /^reconnect in (\d{1,9}(?:\.\d{1,3})?) s$/

/** The message for a Close frame. @param delayMs 0 or above, finite. */
export function reconnectHint(delayMs: number): string {
  return `reconnect in ${Math.round(delayMs) / 1000} s`
}

/** The milliseconds that a message of a Close frame asks for; `null` when it asks for nothing. */
export function readReconnectHint(message: string): number | null {
  const match = HINT.exec(message)
  return match === null ? null : Number(match[1]) * 1000
}
