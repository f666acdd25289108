/**
 * Reads a topic's events and head from its stream.
 *
 * Events are fetched one after another, since servers before 2.11 know no other way without a
 * consumer. Where a stream has copies, the leader is asked: a direct get may be answered by a copy
 * that lags behind, or that lacks what it had not written when it was killed.
 */

import type { LogPage, ReadLimit, StoredEvent } from '../../topics/index.ts'
import type { KindStream } from './kind-stream.ts'
import {
  decoded,
  fieldsOf,
  isJetStreamError,
  JetStreamCode,
  messageIdIn,
  wholeOf,
} from './jetstream-answers.ts'
import type { NatsConnection } from './nats-connection.ts'

/** More events are never asked for in one read: each is a request. */
const MAX_EVENTS = 256

/** A stored message. */
interface Stored {
  readonly sequence: number
  readonly messageId: string
  readonly data: Uint8Array
}

type Query =
  | { readonly last_by_subj: string }
  | { readonly seq: number; readonly next_by_subj: string }

/**
 * Looks for the append that expected the log to be at `after`. A cluster checks in another order
 * than we do: it refuses a repeated append before it recognises it. What was stored then comes
 * right after `after`.
 *
 * @returns its sequence; `null` when it was not stored.
 */
export async function findAppend(
  connection: NatsConnection,
  stream: KindStream,
  subject: string,
  after: number,
  messageId: string,
): Promise<number | null> {
  const query = { seq: after + 1, next_by_subj: subject }
  const next = await (stream.hasCopies ? fromLeader : direct)(connection, stream, query)
  return next !== null && next.messageId === messageId ? next.sequence : null
}

/** The sequence of the newest event of `subject`; `null` when there is none. */
export async function readHead(
  connection: NatsConnection,
  stream: KindStream,
  subject: string,
): Promise<number | null> {
  const query = { last_by_subj: subject }
  const newest = stream.hasCopies
    ? await fromLeader(connection, stream, query)
    : await direct(connection, stream, query)
  if (newest === null) return null
  stream.saw(newest.sequence, newest.messageId)
  return newest.sequence
}

/**
 * Reads a page.
 *
 * @param head the newest offset, or 0.
 */
export async function readPage(
  connection: NatsConnection,
  stream: KindStream,
  subject: string,
  after: number,
  head: number,
  limit: ReadLimit,
): Promise<LogPage> {
  const { epoch } = stream
  if (after >= head) return emptyPage(connection, stream, after, head)
  const events: StoredEvent[] = []
  let bytes = 0
  let isAtStart = false
  let newest = after
  const most = Math.min(limit.events, MAX_EVENTS)
  // The event at `after` is read too: while it is there, nothing after it has been trimmed.
  for (let from = Math.max(1, after); events.length < most && newest < head;) {
    const query = { seq: from, next_by_subj: subject }
    const next = await nextOf(connection, stream, query)
    if (next === null) break
    if (next.sequence < from) throw strange()
    from = next.sequence + 1
    if (next.sequence === after) {
      isAtStart = true
      continue
    }
    bytes += next.data.length
    if (bytes > limit.bytes && events.length > 0) break
    events.push({ offset: next.sequence, message: next.data })
    newest = next.sequence
  }
  const isWhole = isAtStart || (await stream.state(connection)).isWhole
  return { epoch, head: Math.max(head, newest), events, complete: isWhole ? true : 'unknown' }
}

/**
 * Nothing comes after `after`. An event that has expired leaves no trace but the stream's own
 * sequence.
 */
async function emptyPage(
  connection: NatsConnection,
  stream: KindStream,
  after: number,
  head: number,
): Promise<LogPage> {
  const page = { epoch: stream.epoch, events: [] }
  if (after === head && head > 0) return { ...page, head, complete: true }
  const { lastSequence, isWhole } = await stream.state(connection)
  const isPast = head === 0 && after <= lastSequence
  return { ...page, head: isPast ? after : head, complete: isWhole ? true : 'unknown' }
}

function nextOf(
  connection: NatsConnection,
  stream: KindStream,
  query: Query,
): Promise<Stored | null> {
  return (stream.hasCopies ? fromLeader : direct)(connection, stream, query)
}

/** Answered by any copy: of the only one. */
async function direct(
  connection: NatsConnection,
  stream: KindStream,
  query: Query,
): Promise<Stored | null> {
  const question = new TextEncoder().encode(JSON.stringify(query))
  const subject = `$JS.API.DIRECT.GET.${stream.names.stream}`
  const { headers, data } = await connection.request(subject, question)
  if (headers === undefined) throw strange()
  if (headers.code === 404) return null
  if (headers.code !== 0) throw strange()
  return {
    sequence: wholeOf(headers.get('Nats-Sequence')),
    messageId: headers.get('Nats-Msg-Id'),
    data: data.slice(),
  }
}

/** Answered by the leader, which has everything that was acknowledged. */
async function fromLeader(
  connection: NatsConnection,
  stream: KindStream,
  query: Query,
): Promise<Stored | null> {
  try {
    const answer = await connection.ask(`STREAM.MSG.GET.${stream.names.stream}`, query)
    const message = fieldsOf(answer['message'])
    const { seq, data } = message
    const messageId = messageIdIn(message)
    return { sequence: wholeOf(seq), messageId, data: new Uint8Array(decoded(data)) }
  } catch (error) {
    if (isJetStreamError(error, JetStreamCode.MessageNotFound)) return null
    throw error
  }
}

function strange(): Error {
  return new Error('Cannot read the answer of JetStream: it holds no event and no refusal')
}
