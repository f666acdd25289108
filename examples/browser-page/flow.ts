/**
 * The flow's route: sends as fast as the page reads.
 */

import type { WebSocketServerSession } from 'towpath'

const PADDING = 'x'.repeat(16 * 1024)

/**
 * Sends messages without end, each with its number and its time in milliseconds since the first.
 * `send` waits while the page does not read, so slow pages need no other code.
 */
export async function flow({ send, signal }: WebSocketServerSession): Promise<void> {
  const start = performance.now()
  for (let n = 1; !signal.aborted; n++) {
    await send(`${n} ${Math.round(performance.now() - start)} ${PADDING}`)
  }
}
