/**
 * Checks the messages of a client. A client may send anything.
 */

import type { From, Position } from '../kind/items.ts'
import { ByteReader } from '../kind/numbers.ts'
import { parseShallow } from '../kind/shallow-json.ts'
import { fromBase64 } from './base64.ts'
import { CLIENT_LAYOUTS } from './binary-layouts.ts'
import { decodeBinary } from './binary-messages.ts'
import {
  type ClientMessage,
  type HistoryFrom,
  MAX_HISTORY_EVENTS,
  type ResumedTopic,
} from './messages.ts'

type Fields = Readonly<Record<string, unknown>>

/** How many topics one `hello` may name. The server's own limit may be lower. */
const MAX_RESUMED = 10_000
const MAX_EPOCH_LENGTH = 80
const MAX_NAMED_LENGTH = 32

/** @returns `null` for an invalid message: the session is closed with 4400. */
export function readClientMessage(text: string): ClientMessage | null {
  const message = parse(text)
  return message === null ? null : checkMessage(message)
}

/** The same for the binary encoding. */
export function readBinaryClientMessage(bytes: Uint8Array): ClientMessage | null {
  try {
    const message = decodeBinary(CLIENT_LAYOUTS, bytes, parseShallow)
    if (message !== null) return checkMessage(message)
    // The requests of a newer client begin with their id too.
    const reader = new ByteReader(bytes)
    const named = String(reader.byte())
    return { type: 'unknown', id: reader.isAtEnd ? null : reader.number(), named }
  } catch {
    return null // The bytes end too early, or have a text that is not UTF-8 or not JSON.
  }
}

function checkMessage(message: Fields): ClientMessage | null {
  if (typeof message['type'] !== 'string') return null
  switch (message['type']) {
    case 'hello':
      return readHello(message)
    case 'subscribe':
      return readSubscribe(message)
    case 'unsubscribe':
      return readUnsubscribe(message)
    case 'publish':
      return readPublish(message)
    case 'history':
      return readHistory(message)
    case 'token':
      return { type: 'token', token: textOf(message['token']) }
    case 'presence':
      return readPresence(message)
    case 'join':
    case 'leave':
      return readSeat(message, message['type'])
    default: {
      const named = message['type'].slice(0, MAX_NAMED_LENGTH)
      return { type: 'unknown', id: idOf(message['id']), named }
    }
  }
}

function readHello(message: Fields): ClientMessage | null {
  const topics = message['topics'] ?? []
  if (!Array.isArray(topics) || topics.length > MAX_RESUMED) return null
  const resumed = topics.map(readTopic)
  if (!resumed.every((each) => each !== null)) return null
  const [client, token] = [textOf(message['client']), textOf(message['token'])]
  return { type: 'hello', client, token, topics: resumed }
}

function readTopic(value: unknown): ResumedTopic | { topic: string; from: From } | null {
  if (!isFields(value) || typeof value['topic'] !== 'string') return null
  const { topic } = value
  if ('from' in value) {
    const from = readFrom(value['from'])
    return from === null ? null : { topic, from }
  }
  const position = readPosition(value)
  return position === null ? null : { topic, ...position }
}

function readSubscribe(message: Fields): ClientMessage | null {
  const id = idOf(message['id'])
  const from = readFrom(message['from'] ?? 'now')
  if (id === null || from === null || typeof message['topic'] !== 'string') return null
  return { type: 'subscribe', id, topic: message['topic'], from }
}

function readUnsubscribe(message: Fields): ClientMessage | null {
  const id = idOf(message['id'])
  if (id === null || typeof message['topic'] !== 'string') return null
  return { type: 'unsubscribe', id, topic: message['topic'] }
}

function readPublish(message: Fields): ClientMessage | null {
  const [id, seq] = [idOf(message['id']), idOf(message['seq'])]
  const { topic, bytes } = message
  if (id === null || seq === null || seq === 0 || typeof topic !== 'string') return null
  const data =
    typeof bytes === 'string'
      ? fromBase64(bytes)
      : bytes instanceof Uint8Array
        ? bytes
        : message['data']
  if (data === undefined || (data === null && typeof bytes === 'string')) return null
  return { type: 'publish', id, topic, seq, key: textOf(message['key']), data }
}

function readHistory(message: Fields): ClientMessage | null {
  const [id, from] = [idOf(message['id']), readFrom(message['from'] ?? 'start')]
  const { topic, before = null, limit = MAX_HISTORY_EVENTS } = message
  const [end, most] = [idOf(before), idOf(limit)]
  if (id === null || from === null || from === 'now' || typeof topic !== 'string') return null
  if ((end === null && before !== null) || most === null || most === 0) return null
  const place: HistoryFrom = from // without `away`, which history ignores
  return {
    type: 'history',
    id,
    topic,
    from: place,
    before: end,
    limit: Math.min(most, MAX_HISTORY_EVENTS),
  }
}

function readPresence(message: Fields): ClientMessage | null {
  const id = idOf(message['id'])
  const { topic, mode = 'full' } = message
  const isMode = mode === 'full' || mode === 'count' || mode === 'off'
  if (id === null || typeof topic !== 'string' || !isMode) return null
  return { type: 'presence', id, topic, mode }
}

function readSeat(message: Fields, type: 'join' | 'leave'): ClientMessage | null {
  const id = idOf(message['id'])
  const { topic, meta = null } = message
  if (id === null || typeof topic !== 'string') return null
  return type === 'join' ? { type, id, topic, meta } : { type, id, topic }
}

function readFrom(value: unknown): From | null {
  if (value === 'now' || value === 'start') return value
  if (!isFields(value)) return null
  const last = idOf(value['last'])
  return last === null ? readPosition(value) : { last }
}

function readPosition(value: Fields): (Position & { away?: number }) | null {
  const { epoch, away } = value
  const offset = idOf(value['offset'])
  if (typeof epoch !== 'string' || epoch.length > MAX_EPOCH_LENGTH || offset === null) return null
  const isTime = typeof away === 'number' && Number.isFinite(away) && away >= 0
  return isTime ? { epoch, offset, away } : { epoch, offset }
}

/** A whole number of 0 or above. */
function idOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function parse(text: string): Fields | null {
  try {
    const value = parseShallow(text)
    return isFields(value) ? value : null
  } catch {
    return null // not JSON
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
