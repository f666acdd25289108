/**
 * The few methods that each kind of receive channel implements. All methods for users are built on
 * these, once for all kinds of channel.
 */

import type { Clock } from '../../base/index.ts'
import { type ChannelEnd, NORMAL_END } from '../channel-end.ts'
import type { ReceiveChannel } from '../receive-channel.ts'
import type { Waiting, WaitQueue } from '../wait-queue.ts'

/** "No value", since `undefined` is a value. Never returned to users. */
export const NOTHING: unique symbol = Symbol('nothing')
export type Nothing = typeof NOTHING

/**
 * A waiting call that takes one value or the end. The channel calls one of the two methods, once.
 */
export interface Receiver<T> extends Waiting<Receiver<T>> {
  /** The object on whose behalf it waits, if the wait may have to be ended for that object. */
  readonly owner: object | null
  deliver(value: T): void
  end(end: ChannelEnd): void
}

/** The methods that each kind of receive channel implements. */
export interface ReceiveCore<T> {
  /** Takes the next value; `NOTHING` if there is none now, or if waiting receivers will get it. */
  takeNext(): T | Nothing

  /** How the channel has ended; `null` while it is open or a value can still be taken. */
  readonly end: ChannelEnd | null

  /**
   * The promise that the result of a receive after the end waits for: see
   * `ChannelHooks.onEndReceived`.
   */
  readonly delay: Promise<void> | null

  /**
   * Appends `receiver` to the waiting ones. Called right after `takeNext` returned `NOTHING` and
   * `end` was `null`.
   */
  join(receiver: Receiver<T>): void

  /** Removes `receiver`, which must be waiting. */
  leave(receiver: Receiver<T>): void

  /** Ends the waits on behalf of `owner`, as if the channel had ended normally. */
  release(owner: object): void

  cancel(cause?: Error | null): void

  /** The clock for the timeout of a `receive`. */
  readonly clock: Clock
}

/** Returns the core of a session's `incoming`, which is always a `BufferedChannel`. */
export function coreOf<T>(channel: ReceiveChannel<T>): ReceiveCore<T> {
  return channel as ReceiveChannel<T> & ReceiveCore<T>
}

/** The form in which a value or the end is returned. */
export interface Shape<T, R> {
  value(value: T): R
  /** Throws if the end is reported as a rejection. */
  end(end: ChannelEnd): R
}

/** Ends the waits in `queue` on behalf of `owner`, as at a normal end. */
export function releaseReceivers<T>(queue: WaitQueue<Receiver<T>>, owner: object): void {
  let receiver = queue.first
  while (receiver !== null) {
    const { after } = receiver
    if (receiver.owner === owner) {
      queue.remove(receiver)
      receiver.end(NORMAL_END)
    }
    receiver = after
  }
}
