/**
 * `stream`: asks for items, and shows them as one iterable.
 */

import { type AskOptions, type AskParts, questionOf } from './calls.ts'
import type { Ask } from './link/ask.ts'
import { createSink } from './link/item-sink.ts'
import type { Link } from './link/link.ts'
import { ignore } from './link/outbox.ts'
import { readableItems } from './readable-items.ts'
import type { MessageStream } from './typed-session.ts'

/** See `TypedSession.stream`. @param uploadOf `null`: there are no uploads. */
export function streamOver(
  link: Link,
  type: string,
  data: unknown,
  options: AskOptions | undefined,
  uploadOf: AskParts['uploadOf'],
): MessageStream<unknown, unknown> {
  return streamOf(link.asks.ask(questionOf(link, type, data, options, { uploadOf, createSink })))
}

/** The stream of a request that was asked as one. */
export function streamOf(ask: Ask): MessageStream<unknown, unknown> {
  const { sink } = ask
  if (sink === null) throw new TypeError('Cannot read the items of a request without a stream')
  const cancel = (): void => sink.leave()
  return {
    result: ask.result,
    cancel,
    readable: () => readableItems(sink),
    [Symbol.asyncIterator]: () => sink[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => {
      cancel()
      return ask.result.then(ignore, ignore)
    },
  }
}
