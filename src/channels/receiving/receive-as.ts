/**
 * How a value gets from a channel to the caller that asked for it.
 */

import { handled, rejected, sumInMilliseconds } from '../../base/internal.ts'
import { type ChannelEnd, closedError } from '../channel-end.ts'
import { limitWait, waitFor } from './promise-receiver.ts'
import type { ReceiveOptions, ReceiveResult, TryReceiveResult } from '../receive-channel.ts'
import { NOTHING, type ReceiveCore, type Shape } from './receive-core.ts'

const BARE: Shape<unknown, unknown> = {
  value: (value) => value,
  end: (end) => {
    throw end.cause ?? closedError(end)
  },
}

const RESULT: Shape<unknown, ReceiveResult<unknown>> = {
  value: (value) => ({ type: 'value', value }),
  end: ({ cause }) => ({ type: 'closed', cause }),
}

const STEP: Shape<unknown, IteratorResult<unknown, undefined>> = {
  value: (value) => ({ done: false, value }),
  end: ({ cause }) => {
    if (cause !== null) throw cause
    return { done: true, value: undefined }
  },
}

const EMPTY = Object.freeze({ type: 'empty' as const })

// The shapes only pass values through: from values of T they make forms of T.

/** The value itself; the end throws. */
export function bare<T>(): Shape<T, T> {
  return BARE as Shape<T, T>
}

/** A tagged result; the end is one of them. */
export function result<T>(): Shape<T, ReceiveResult<T>> {
  return RESULT as Shape<T, ReceiveResult<T>>
}

/** An iterator result; a normal end is one of them, an end with a cause throws. */
export function step<T>(): Shape<T, IteratorResult<T, undefined>> {
  return STEP as Shape<T, IteratorResult<T, undefined>>
}

/**
 * Takes the next value of `core` in the form of `shape`, and waits if necessary. If a value is
 * available, this costs one settled promise beside the allocations of the shape.
 */
export function receiveAs<T, R>(
  core: ReceiveCore<T>,
  shape: Shape<T, R>,
  options: ReceiveOptions | undefined,
  owner: object | null,
): Promise<R> {
  if (options !== undefined) return receiveWith(core, shape, options, owner)
  const value = core.takeNext()
  if (value !== NOTHING) return Promise.resolve(shape.value(value))
  const { end } = core
  return end === null ? waitFor(core, shape, undefined, owner).promise : endOf(core, shape, end)
}

/**
 * The end of `core` in the form of `shape`. A rejection is marked as handled, because it only says
 * that the channel has ended.
 */
export function endOf<T, R>(core: ReceiveCore<T>, shape: Shape<T, R>, end: ChannelEnd): Promise<R> {
  const { delay } = core
  return delay === null ? ended(shape, end) : handled(delay.then(() => ended(shape, end)))
}

function ended<T, R>(shape: Shape<T, R>, end: ChannelEnd): Promise<R> {
  try {
    return Promise.resolve(shape.end(end))
  } catch (error) {
    return handled(rejected(error))
  }
}

function receiveWith<T, R>(
  core: ReceiveCore<T>,
  shape: Shape<T, R>,
  options: ReceiveOptions,
  owner: object | null,
): Promise<R> {
  try {
    const { signal, timeout = Infinity, ...others } = options
    const timeoutMs = sumInMilliseconds(timeout)
    // `receive(5000)` and `receive({ timeoutMs })` would wait without a limit.
    if (!(timeoutMs >= 0) || typeof options !== 'object' || Object.keys(others).length > 0) {
      throw new RangeError(
        'Cannot receive: an option is invalid, expected { timeout, signal }, a timeout of 0 or above',
      )
    }
    if (signal !== undefined && signal.aborted) return handled(rejected(signal.reason))
    const value = core.takeNext()
    if (value !== NOTHING) return Promise.resolve(shape.value(value))
    const { end } = core
    if (end !== null) return endOf(core, shape, end)
    const receiver = waitFor(core, shape, signal, owner)
    if (timeoutMs !== Infinity) limitWait(receiver, timeoutMs, core.clock)
    return receiver.promise
  } catch (error) {
    return rejected(error)
  }
}

/** Takes the value or the end that is available now. */
export function tryReceiveFrom<T>(core: ReceiveCore<T>): TryReceiveResult<T> {
  const value = core.takeNext()
  if (value !== NOTHING) return { type: 'value', value }
  const { end } = core
  return end === null ? EMPTY : { type: 'closed', cause: end.cause }
}
