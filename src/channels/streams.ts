/**
 * Channels as WHATWG streams, for everything that reads or writes these.
 */

import { toCause } from './errors.ts'
import { type ReceiveCore, receiveAs, step } from './receiving.ts'
import type { SendChannel } from './send-channel.ts'

/** See `ReceiveChannel.readable`. */
export function readableOf<T>(core: ReceiveCore<T>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await receiveAs(core, step<T>(), undefined, null)
        // After a cancel of the stream this throws, into a stream that has no use for it.
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel(reason) {
        core.cancel(toCause(reason))
      },
    },
    // The default of 1 would take a value out of the channel before anybody has asked for it.
    { highWaterMark: 0 },
  )
}

/** See `SendChannel.writable`. */
export function writableOf<T>(channel: SendChannel<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (value, controller) => {
      // The standard has the signal, and so has every Node that we run on; its types leave it out.
      const { signal } = controller as WritableStreamDefaultController & { signal: AbortSignal }
      return channel.send(value, { signal })
    },
    close: () => {
      channel.close()
    },
    abort: (reason) => {
      channel.close(toCause(reason) ?? new Error('Cannot receive: the writing stream was aborted'))
    },
  })
}
