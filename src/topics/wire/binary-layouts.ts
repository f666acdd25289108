/**
 * The messages of the binary encoding, field by field: see docs/topics-wire.md, "Binary encoding".
 *
 * A message is a byte with its type, then the fields of its layout. Bytes after the last field are
 * ignored, so that later versions can add fields.
 */

/**
 * How a field is written. `number`: LEB128. `text`: a length and UTF-8. A `?` allows `null`: a
 * number, or the length of a text, is then one higher, and 0 is `null`. `flag`: 0 or 1. `json`: the
 * JSON text of a value, as `text`. `place`, `topics`, `data`, `events` and `envelope` are of one
 * message each.
 */
export type FieldKind =
  | 'number'
  | 'number?'
  | 'text'
  | 'text?'
  | 'flag'
  | 'json'
  | 'place'
  | 'topics'
  | 'data'
  | 'events'
  | 'envelope'

/** The type of a message, and its fields in order. */
export type Layout = readonly [type: string, fields: Readonly<Record<string, FieldKind>>]

const TOPIC_ANSWER = { id: 'number', topic: 'text' } as const
const MEMBER_CHANGE = { topic: 'text', member: 'json' } as const

/** The messages of the client: the first has the type byte 1. */
export const CLIENT_LAYOUTS: readonly Layout[] = [
  ['hello', { client: 'text?', token: 'text?', topics: 'topics' }],
  ['subscribe', { ...TOPIC_ANSWER, from: 'place' }],
  ['unsubscribe', TOPIC_ANSWER],
  ['publish', { ...TOPIC_ANSWER, seq: 'number', key: 'text?', data: 'data' }],
  ['token', { token: 'text?' }],
  ['presence', { ...TOPIC_ANSWER, mode: 'text' }],
  ['join', { ...TOPIC_ANSWER, meta: 'json' }],
  ['leave', TOPIC_ANSWER],
  ['history', { ...TOPIC_ANSWER, from: 'place', before: 'number?', limit: 'number' }],
]

/** The messages of the server: the first has the type byte 1. */
export const SERVER_LAYOUTS: readonly Layout[] = [
  ['welcome', { client: 'text', limits: 'json', dedupe: 'number', features: 'json' }],
  [
    'subscribed',
    {
      id: 'number?',
      topic: 'text',
      number: 'number',
      epoch: 'text?',
      offset: 'number?',
      resumed: 'flag',
    },
  ],
  ['event', { number: 'number', offset: 'number?', event: 'envelope' }],
  ['unsubscribed', TOPIC_ANSWER],
  ['live', { topic: 'text' }],
  [
    'gap',
    {
      topic: 'text',
      after: 'number?',
      before: 'number?',
      missed: 'number?',
      reason: 'text',
      epoch: 'text?',
    },
  ],
  ['skipped', { topic: 'text', count: 'number?' }],
  ['published', { id: 'number', epoch: 'text?', offset: 'number?', duplicate: 'flag' }],
  [
    'history',
    { ...TOPIC_ANSWER, epoch: 'text', head: 'number', complete: 'flag', events: 'events' },
  ],
  [
    'error',
    {
      id: 'number?',
      topic: 'text?',
      code: 'text',
      message: 'text',
      retryAfter: 'number?',
      denied: 'json',
    },
  ],
  ['denied', { topic: 'text', code: 'text', message: 'text' }],
  ['done', { ...TOPIC_ANSWER, key: 'text?' }],
  ['members', { topic: 'text', members: 'json', count: 'number' }],
  ['joined', MEMBER_CHANGE],
  ['updated', MEMBER_CHANGE],
  ['left', MEMBER_CHANGE],
  ['count', { topic: 'text', count: 'number' }],
  ['broker', { state: 'text' }],
]

/** The type byte of an event of the server. A number, because a page does not need it. */
export const EVENT_TYPE = 3
