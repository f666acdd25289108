/**
 * The last words on a connection that gets no session.
 */

import type { Environment } from '../../../base/internal.ts'
import type { Transport } from '../../../session/index.ts'

/** How long a client may take to read the answer and to end its side, in milliseconds. */
const REFUSAL_LIMIT_MS = 5000

/**
 * Writes `answer` and ends the connection. What the client still sends is read and dropped until it
 * ends too: otherwise the kernel would answer with a reset, and the answer might be lost.
 */
export function answerAndEnd(
  { timers }: Environment,
  transport: Transport,
  answer: Uint8Array,
): void {
  const deadline = timers.schedule(REFUSAL_LIMIT_MS, () => transport.abort())
  transport.start({ receive() {}, receiveEnd() {}, drained() {}, closed: () => deadline.cancel() })
  transport.write(answer)
  transport.end()
}
