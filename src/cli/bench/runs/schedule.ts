/**
 * The schedule of a benchmark. It does not wait for answers: what is due is sent, however late.
 */

import type { Clock } from '../../../base/index.ts'
import { delayOn } from '../../../base/internal.ts'
import type { BenchLoad } from '../bench-load.ts'

/** Sends that are due in one turn of the event loop, before it gets a turn for other work. */
const MAX_IN_TURN = 256

/**
 * Calls `send` for each message of the schedule, at its time or as soon as possible after it.
 *
 * @param send gets the number of the message, from 0, and the time at which it is due.
 * @throws (by rejecting) the reason of `signal`.
 */
export async function runSchedule(
  { duration, rate }: Pick<BenchLoad, 'duration' | 'rate'>,
  clock: Clock,
  signal: AbortSignal,
  send: (index: number, dueAt: number) => void,
): Promise<void> {
  const total = Math.floor((rate * duration) / 1000)
  const startedAt = clock.now()
  let inTurn = 0
  for (let index = 0; index < total;) {
    const dueAt = startedAt + (index * 1000) / rate
    const wait = dueAt - clock.now()
    if (wait > 0) {
      inTurn = 0
      await delayOn(clock, wait, [signal])
    } else if (inTurn === MAX_IN_TURN) {
      // The rate is more than this thread can send. Answers and interrupts must still come in.
      inTurn = 0
      await turn()
      signal.throwIfAborted()
    } else {
      inTurn += 1
      send(index++, dueAt)
    }
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
