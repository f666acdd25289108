/**
 * Where a subscription begins.
 */

import type { From } from '../kind/items.ts'
import type { BrokerWatch } from './broker-watch.ts'
import type { Follower } from './following/followers.ts'
import { WireFollower } from './following/wire-follower.ts'
import type { Start } from './subscription.ts'

/**
 * @param follower of a topic whose head is known.
 * @param signal ends the wait for a broker that does not answer.
 * @throws (by rejecting) the error of `Broker.read`, and the reason of `signal`.
 */
export async function startOf(
  follower: Follower,
  from: From,
  watch: Pick<BrokerWatch, 'retry' | 'isClosed'>,
  signal: AbortSignal | null = null,
): Promise<Start> {
  const { topic } = follower
  const now: Start = { epoch: topic.epoch, offset: topic.head, awayMs: 0, isExact: true }
  if (from === 'now') return now
  if (follower instanceof WireFollower) {
    return typeof from === 'object' && 'epoch' in from ? { ...now, isLost: true } : now
  }
  if (from === 'start') return { ...now, offset: 0, awayMs: Infinity, isExact: false }
  if ('last' in from) {
    const offset = await follower.offsetBefore(from.last)
    return { ...now, epoch: topic.epoch, offset, awayMs: Infinity, isExact: false }
  }
  const { epoch, offset, away = Infinity } = from
  const start = { epoch, offset, awayMs: away, isExact: true }
  if (epoch !== topic.epoch || offset <= topic.head) return start
  // A position above the head: either this node is late, or it is of another epoch (T-14).
  for (let attempts = 0; ; attempts++) {
    const head = await follower.check()
    if (head !== null) {
      return offset <= Math.max(head, topic.head) ? start : { ...start, epoch: '' }
    }
    await watch.retry(attempts, signal)
    if (watch.isClosed) return start
  }
}
