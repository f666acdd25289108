/** Channels as WHATWG streams. */

import { toCause } from './errors.ts'
import type { ReceiveCore } from './receiving/receive-core.ts'
import { receiveAs, step } from './receiving/receive-as.ts'
import type { SendChannel } from './send-channel.ts'

/** Implements `ReceiveChannel.readable`. */
export function readableOf<T>(core: ReceiveCore<T>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await receiveAs(core, step<T>(), undefined, null)
        // After the stream is cancelled this throws, and the stream ignores the error.
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel(reason) {
        core.cancel(toCause(reason))
      },
    },
    // The default of 1 would take a value out of the channel before a reader asks for it.
    { highWaterMark: 0 },
  )
}

/** Implements `SendChannel.writable`. */
export function writableOf<T>(channel: SendChannel<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (value, controller) => {
      // The standard and every supported Node have the signal, but the types do not.
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
