/** The last answer on a connection that gets no session. */

import type { Application, UpgradeAccepted } from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import type { Environment } from '../../../base/internal.ts'
import type { Transport } from '../../../session/index.ts'
import { type HttpAnswer, sentence } from './http-answer.ts'

/** How long a client may take to read the answer and to end its side, in milliseconds. */
const REFUSAL_LIMIT_MS = 5000

/** The answer when code of the application threw. */
export const FAILURE: HttpAnswer = sentence(500, 'Cannot upgrade: the application failed')

/** Returns `encode(value)`. For a header that HTTP does not allow, logs it and returns `null`. */
export function encoded<Value, Encoded>(
  { logger }: Application,
  encode: (value: Value) => Encoded,
  value: Value,
): Encoded | null {
  try {
    return encode(value)
  } catch (error) {
    logFailure(logger, error, 'Upgrade failed')
    return null
  }
}

/** The same for the head of an accepted upgrade, which is abandoned if it cannot be encoded. */
export function encodedHead<Encoded>(
  { logger }: Application,
  encode: (headers: UpgradeAccepted['headers']) => Encoded,
  outcome: UpgradeAccepted,
): Encoded | null {
  try {
    return encode(outcome.headers)
  } catch (error) {
    logFailure(logger, error, 'Upgrade failed')
    outcome.abandon(error)
    return null
  }
}

/**
 * Writes `answer` and ends the connection. Further bytes of the client are read and dropped until
 * the client ends too: otherwise the kernel would send a reset, and the answer might be lost.
 */
export function answerAndEnd(
  { timers }: Environment,
  transport: Transport,
  answer: Uint8Array,
): void {
  const deadline = timers.schedule(REFUSAL_LIMIT_MS, () => transport.abort())
  transport.start({
    receive() {},
    unread() {},
    receiveEnd() {},
    drained() {},
    closed: () => deadline.cancel(),
  })
  transport.write(answer)
  transport.end()
}
