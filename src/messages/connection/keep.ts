/**
 * `keep`: asks for a stream on each session of a connection.
 */

import { type AskOptions, questionOf } from '../calls.ts'
import type { ConnectionMessages } from './connection-messages.ts'
import { KeptStream } from './kept-stream.ts'
import { createSink } from '../link/item-sink.ts'
import { streamOf } from '../streams.ts'
import type { MessageStream } from '../typed-session.ts'

const STREAM = { uploadOf: null, createSink }

/** See `TypedConnection.keep`. */
export function keepOver(
  connection: ConnectionMessages,
  type: string,
  input: (last: unknown) => unknown,
  options: AskOptions = {},
): MessageStream<unknown, unknown> {
  const { order, settings, port } = connection
  const { timeout } = questionOf({ order, settings }, type, null, options, STREAM)
  const deadline = timeout === null ? null : port.clock.now() + timeout
  const ask = async (
    last: unknown,
    signal: AbortSignal,
  ): Promise<MessageStream<unknown, unknown>> => {
    const link = await connection.whenLinked(type, signal, deadline, true)
    const left = deadline === null ? null : Math.max(1, deadline - port.clock.now())
    const question = questionOf(link, type, input(last), { timeout: left, signal }, STREAM)
    return streamOf(link.asks.ask(question))
  }
  return new KeptStream(type, ask, options.signal ?? null)
}
