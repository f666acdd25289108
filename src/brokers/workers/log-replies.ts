/**
 * What the host of the log answers, checked. The host may run another version of the program:
 * workers that are started after a deployment run the new one.
 */

import type { Appended, Head, LogPage, StoredEvent } from '../../topics/index.ts'
import { isEpoch, readOffset, readPlace } from '../places.ts'
import type { LiveEvent } from '../subscriptions.ts'
import type { LogFrame } from './log-frames.ts'

/** An event that a followed topic has got; `null` for a frame that holds none. */
export function readLiveEvent({ header, body }: LogFrame): LiveEvent | null {
  const { epoch, offset, previous } = fieldsOf(header['place'])
  const place = readPlace(epoch, offset, previous)
  return place && { place, message: body }
}

/** The answer to an append. */
export function readAppended({ header }: LogFrame): Appended {
  const { epoch, offset, duplicate } = fieldsOf(header['value'])
  if (typeof duplicate !== 'boolean' && duplicate !== 'unknown') throw strange()
  const isUnknown = offset === null && duplicate !== false
  return { epoch: epochOf(epoch), offset: isUnknown ? null : offsetOf(offset), duplicate }
}

/** The heads of `count` topics. */
export function readHeads({ header }: LogFrame, count: number): Head[] {
  const heads = listOf(header['value'])
  if (heads.length !== count) throw strange()
  return heads.map((head) => {
    const { epoch, offset } = fieldsOf(head)
    return { epoch: epochOf(epoch), offset: offsetOf(offset) }
  })
}

/** A page of a log after `after`. Its events are in the body, one after another. */
export function readPage({ header, body }: LogFrame, after: number): LogPage {
  const { epoch, head, complete, places } = fieldsOf(header['value'])
  if (typeof complete !== 'boolean' && complete !== 'unknown') throw strange()
  const events: StoredEvent[] = []
  let newest = after
  let at = 0
  for (const place of listOf(places)) {
    const [offset, length] = listOf(place).map(offsetOf)
    if (offset === undefined || length === undefined || offset <= newest) throw strange()
    events.push({ offset, message: body.slice(at, at + length) })
    newest = offset
    at += length
  }
  if (at !== body.length) throw strange()
  return { epoch: epochOf(epoch), head: offsetOf(head), events, complete }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw strange()
  return value as Readonly<Record<string, unknown>> // checked above
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw strange()
  return value
}

function epochOf(value: unknown): string {
  if (!isEpoch(value)) throw strange()
  return value
}

function offsetOf(value: unknown): number {
  const offset = readOffset(value)
  if (offset === null) throw strange()
  return offset
}

function strange(): Error {
  return new Error('Cannot read the answer of the log: it is not what its host returns')
}
