/**
 * The flow's route: as much as the page takes, and not more.
 */

import type { WebSocketServerSession } from 'towpath'

const PADDING = 'x'.repeat(16 * 1024)

/**
 * Sends messages without end, each with its number and with when it was sent, in milliseconds since
 * the first. `send` waits while the page does not read: that is all there is to do about slow
 * pages.
 */
export async function flow({ send, signal }: WebSocketServerSession): Promise<void> {
  const start = performance.now()
  for (let n = 1; !signal.aborted; n++) {
    await send(`${n} ${Math.round(performance.now() - start)} ${PADDING}`)
  }
}
