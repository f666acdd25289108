/**
 * The drain hint: a stopping server tells clients in the message of its Close frame when to
 * reconnect.
 *
 * The format is `reconnect in 12.3 s`: ASCII, seconds with at most three decimals, counted from the
 * arrival. The format is stable, and other clients may read it too.
 */

const HINT = /^reconnect in (\d{1,9}(?:\.\d{1,3})?) s$/

/** Returns the message for a Close frame. @param delayMs 0 or above, finite. */
export function reconnectHint(delayMs: number): string {
  return `reconnect in ${Math.round(delayMs) / 1000} s`
}

/** Returns the delay in a Close frame's message, in milliseconds; `null` when there is none. */
export function readReconnectHint(message: string): number | null {
  const match = HINT.exec(message)
  return match === null ? null : Number(match[1]) * 1000
}
