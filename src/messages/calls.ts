/**
 * What the functions of typed messages do, over a link: each is one call of a user.
 */

import { rejected } from '../base/internal.ts'
import type { SendOptions, TrySendResult } from '../channels/index.ts'
import { RequestFailedError } from './errors.ts'
import type { Question } from './link/ask.ts'
import type { Items } from './link/item-source.ts'
import type { CreateSink } from './link/item-sink.ts'
import type { Link } from './link/link.ts'
import type { Order } from './link/order.ts'
import type { LinkSettings } from './link/port.ts'
import type { StartUpload } from './link/upload.ts'
import type { Prepared } from './prepare.ts'
import type { RequestOptions } from './typed-session.ts'

/** The options of a request, its upload included. */
export type AskOptions = RequestOptions & { readonly upload?: Items }

/** What a request has beside one value each way. A page loads only what it takes. */
export interface AskParts {
  /** `null`: there are no uploads. */
  readonly uploadOf: ((items: Items) => StartUpload) | null
  /** `null`: the answer is one value. */
  readonly createSink: CreateSink | null
}

/** A link, as events see it. */
export type EventLink = Pick<Link, 'outbox' | 'order' | 'port' | 'settings'>

/** A link, as the making of a request sees it. */
export interface AskingLink {
  readonly order: Order | null
  readonly settings: Pick<LinkSettings, 'requestTimeout' | 'readDuration'>
}

/** See `TypedSession.send`. */
export function sendEvent(
  { outbox, order, port }: EventLink,
  type: string,
  data: unknown,
  options: SendOptions | undefined,
): Promise<void> {
  const signal = options?.signal
  try {
    const check = order === null ? null : (order.entryOf(type, 'event')?.data ?? null)
    if (order === null || order.passes(check)) {
      return port.send(outbox.encode({ type, data }), signal)
    }
    const transmit = (valid: unknown): Promise<void> =>
      port.send(outbox.encode({ type, data: valid }), signal)
    return order.sendInOrder(type, check, data, transmit, signal)
  } catch (error) {
    return rejected(error)
  }
}

/** See `TypedSession.request`. */
export function askOver(
  link: Link,
  type: string,
  data: unknown,
  options: AskOptions | undefined,
  parts: AskParts,
): Promise<unknown> {
  try {
    return link.asks.ask(questionOf(link, type, data, options, parts)).result
  } catch (error) {
    return rejected(error)
  }
}

/** See `TypedSession.trySend`. */
export function trySendEvent(
  { outbox, order, port }: EventLink,
  type: string,
  data: unknown,
): TrySendResult {
  if (order === null) return port.trySend(outbox.encode({ type, data }))
  const check = order.entryOf(type, 'event')?.data ?? null
  const wire = outbox.encode({ type, data: order.validateNow(type, check, data) })
  return order.isWaiting ? 'full' : port.trySend(wire)
}

/** See `TypedSession.trySend`. */
export function trySendPrepared(
  { order, port, settings }: EventLink,
  message: Prepared,
): TrySendResult {
  const wire = message.wireOf(settings.codec, settings.contract?.[settings.side])
  return order?.isWaiting === true ? 'full' : port.trySend(wire)
}

/**
 * @throws {TypeError | RangeError} for a name that is no such request, and an option that is
 *   invalid.
 */
export function questionOf(
  { order, settings }: AskingLink,
  type: string,
  data: unknown,
  options: AskOptions | undefined,
  { uploadOf, createSink }: AskParts,
): Question {
  const { timeout, signal, upload } = options ?? {}
  const entry = order === null ? null : order.requestOf(type, createSink !== null)
  if (upload !== undefined && uploadOf === null) {
    throw new TypeError(`Cannot ask "${type}": expected the feature "uploads" for its upload`)
  }
  let ms = createSink === null ? settings.requestTimeout : null
  if (timeout !== undefined) {
    ms = timeout === null ? null : settings.readDuration(timeout, 'timeout')
  }
  return {
    type,
    entry,
    data,
    startUpload: upload === undefined || uploadOf === null ? null : uploadOf(upload),
    createSink,
    timeout: ms,
    signal: signal ?? null,
  }
}

/** See `TypedSession.requestCatching`. */
export function settled(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    (value) => ({ type: 'value', value }),
    (error: unknown) => {
      if (!(error instanceof RequestFailedError)) throw error
      return { type: 'failed', failure: error.failure, data: error.data }
    },
  )
}
