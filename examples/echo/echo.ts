/**
 * The echo's route, the first example of the documentation. Bytes are returned unchanged.
 */

import { CloseReason, Frame } from 'towpath'
import type { WebSocketServerSession } from 'towpath'

/** Answers every message, and closes when a client says "bye". */
export async function echo({ incoming, outgoing, close }: WebSocketServerSession): Promise<void> {
  for await (const frame of incoming) {
    if (frame instanceof Frame.Binary) await outgoing.send(new Frame.Binary(frame.buffer))
    if (!(frame instanceof Frame.Text)) continue

    const text = frame.readText()
    await outgoing.send(new Frame.Text(`YOU SAID: ${text}`))
    if (text.toLowerCase() === 'bye') {
      await close(new CloseReason(CloseReason.Codes.NORMAL, 'Client said BYE'))
    }
  }
}
