/**
 * Items as a WHATWG stream.
 */

/** A stream that takes an item only when its reader asks. Cancelling it leaves `items`. */
export function readableItems(items: AsyncIterable<unknown>): ReadableStream<unknown> {
  const iterator = items[Symbol.asyncIterator]()
  return new ReadableStream(
    {
      pull: async (controller) => {
        const step: IteratorResult<unknown> = await iterator.next()
        if (step.done === true) controller.close()
        else controller.enqueue(step.value)
      },
      cancel: async () => {
        await iterator.return?.()
      },
    },
    // The default of 1 would take an item before a reader asks for it.
    { highWaterMark: 0 },
  )
}
