/**
 * Loops that never wait for anything: whether the event loop turns all the same.
 */

/** More calls than any time slice has. */
const MOST_CALLS = 100_000

/**
 * Calls `once` again and again, whatever it does, until the event loop has turned.
 *
 * @returns whether it has turned.
 */
export async function letsLoopTurn(once: () => Promise<unknown>): Promise<boolean> {
  let hasTurned = false
  setImmediate(() => {
    hasTurned = true
  })
  for (let calls = 0; calls < MOST_CALLS && !hasTurned; calls++) await once().catch(() => {})
  return hasTurned
}
