/**
 * Reading what a client sends: nothing of it is trusted.
 */

import type { From, Position } from '../kind/items.ts'
import { fromBase64 } from './base64.ts'
import type { ClientMessage, ResumedTopic } from './messages.ts'

type Fields = Readonly<Record<string, unknown>>

/** Topics that one `hello` may name; a server's own limit may be lower. */
const MAX_RESUMED = 10_000

/** @returns `null` for what is no message: the session is closed with 4400. */
export function readClientMessage(text: string): ClientMessage | null {
  const message = parse(text)
  if (message === null || typeof message['type'] !== 'string') return null
  switch (message['type']) {
    case 'hello':
      return readHello(message)
    case 'subscribe':
      return readSubscribe(message)
    case 'unsubscribe':
      return readUnsubscribe(message)
    case 'publish':
      return readPublish(message)
    case 'token':
      return { type: 'token', token: textOf(message['token']) }
    case 'presence':
      return readPresence(message)
    case 'join':
    case 'leave':
      return readSeat(message, message['type'])
    default: {
      const named = message['type'].slice(0, 32)
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
  const data = typeof bytes === 'string' ? fromBase64(bytes) : message['data']
  if (data === null && typeof bytes === 'string') return null
  return { type: 'publish', id, topic, seq, key: textOf(message['key']), data }
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
  if (typeof epoch !== 'string' || epoch.length > 80 || offset === null) return null
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
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    return null // not JSON
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
