/**
 * Reads what Redis returns and publishes, and checks it: another program may have written it.
 */

import type { Appended, Head, LogPage, StoredEvent } from '../../topics/index.ts'
import { isEpoch, readOffset, readPlace } from '../places.ts'
import type { LiveEvent } from '../subscriptions.ts'

/** An append that has been answered; `null` for a failed expectation. */
export function readAppended(reply: unknown): Appended | null {
  const [epoch, offset, outcome] = listOf(reply)
  if (outcome === 2) return null
  const text = textOf(offset)
  const known = text === '' ? null : offsetOf(text)
  const duplicate = outcome === 3 ? 'unknown' : outcome === 1
  if (duplicate === false && known === null) throw strange()
  return { epoch: epochOf(epoch), offset: known, duplicate }
}

/** The error of a command that failed after an event was stored; `null` if none did. */
export function readAppendFailure(reply: unknown): string | null {
  const failure = listOf(reply)[3]
  return failure === undefined || failure === null ? null : textOf(failure)
}

/** Heads of `count` topics. */
export function readHeads(reply: unknown, count: number): Head[] {
  const parts = listOf(reply)
  if (parts.length !== count * 2) throw strange()
  return Array.from({ length: count }, (_, index) => ({
    epoch: epochOf(parts[index * 2]),
    offset: offsetOf(textOf(parts[index * 2 + 1])),
  }))
}

/** A page of a log after `after`. Events behind a hole are left out: the next read begins there. */
export function readPage(reply: unknown, after: number): LogPage {
  const [epoch, headText, oldestText, ...rest] = listOf(reply)
  const head = offsetOf(textOf(headText))
  const oldest = textOf(oldestText)
  const events: StoredEvent[] = []
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const offset = offsetOf(textOf(rest[at]))
    const newest = events.at(-1)
    if (newest !== undefined && offset !== newest.offset + 1) break
    if (offset <= after || offset > head) throw strange()
    events.push({ offset, message: bytesOf(rest[at + 1]) })
  }
  const first = events[0]?.offset ?? (oldest === '' ? head + 1 : null)
  // Nothing after `after`, although the log goes on: what was there has been trimmed or removed.
  const complete = after >= head || (first !== null && first <= after + 1)
  return { epoch: epochOf(epoch), head, events, complete }
}

/** An event as it is published; `null` when it is not one of ours. */
export function readPublished(payload: Buffer): LiveEvent | null {
  const parts: string[] = []
  let start = 0
  while (parts.length < 3) {
    const end = payload.indexOf(0x20, start)
    if (end === -1 || end - start > 64) return null
    parts.push(payload.toString('latin1', start, end))
    start = end + 1
  }
  const place = readPlace(parts[0], parts[1], parts[2])
  return place && { place, message: new Uint8Array(payload.subarray(start)) }
}

function listOf(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw strange()
  return reply
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  throw strange()
}

function bytesOf(value: unknown): Uint8Array {
  // A copy: the client's buffer is a piece of what has come from the socket, and would keep all of
  // it.
  if (Buffer.isBuffer(value)) return new Uint8Array(value)
  throw strange()
}

function offsetOf(text: string): number {
  const offset = readOffset(text)
  if (offset === null) throw strange()
  return offset
}

function epochOf(value: unknown): string {
  const epoch = textOf(value)
  if (!isEpoch(epoch)) throw strange()
  return epoch
}

function strange(): Error {
  return new Error('Cannot read the answer of Redis: it is not what its script returns')
}
