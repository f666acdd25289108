/**
 * What travels between the chat page and the server: JSON in text frames, in both directions.
 *
 * What a browser sends is read as if an attacker had written it: every field is checked for type,
 * length and characters, unknown fields are refused, and names are brought into one spelling. What
 * the server sends is plain data; the page puts it on the screen as text, never as HTML.
 */

/** What a page may say. `join` comes first and once; `say` as often as its member likes. */
export type ClientMessage =
  | {
      readonly type: 'join'
      readonly name: string
      /** A secret of this browser tab: with it, a page that comes back takes its old place. */
      readonly key: string
    }
  | {
      readonly type: 'say'
      /** The page's own name for this message: sent twice with one `ref`, it is said once. */
      readonly ref: string
      readonly text: string
    }

/** A message as the room keeps it: `id` counts from 1 in each room, `at` is in ms since 1970. */
export interface Said {
  readonly type: 'said'
  readonly id: number
  readonly ref: string
  readonly name: string
  readonly text: string
  readonly at: number
}

/** What the server says. */
export type ServerMessage =
  | {
      readonly type: 'welcome'
      readonly name: string
      /** Changes when the room begins anew (after a restart, say): ids count from 1 again. */
      readonly epoch: string
      /** Everyone who is there, the new one included, in the order in which they came. */
      readonly members: readonly string[]
      /** The last messages, oldest first. */
      readonly history: readonly Said[]
    }
  | { readonly type: 'joined'; readonly name: string; readonly at: number }
  | { readonly type: 'left'; readonly name: string; readonly at: number }
  | Said

/** A message that the chat does not understand; `message` may be shown to its sender. */
export class InvalidMessageError extends Error {
  override readonly name = 'InvalidMessageError'
}

/** In characters as JavaScript counts them (UTF-16 code units), after cleaning. */
export const MAX_NAME_LENGTH = 24
export const MAX_ROOM_NAME_LENGTH = 32
export const MAX_TEXT_LENGTH = 2000

/** Letters, digits and marks of any script; no control, format or bidirectional characters. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’-]*$/u
const ROOM_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u
const TOKEN = /^[0-9A-Za-z-]{8,64}$/
/** Half a surrogate pair, or a control character other than a line feed and a tab. */
const UNPRINTABLE = /\p{Cs}|[^\P{Cc}\n\t]/u

/**
 * Reads one text frame of a page.
 *
 * @throws {InvalidMessageError} when it is anything but a well-formed {@link ClientMessage}.
 */
export function parseClientMessage(json: string): ClientMessage {
  const fields = parseFields(json)
  switch (fields.get('type')) {
    case 'join':
      expectOnly(fields, ['type', 'name', 'key'])
      return { type: 'join', name: parseName(fields.get('name')), key: parseToken(fields, 'key') }
    case 'say':
      expectOnly(fields, ['type', 'ref', 'text'])
      return { type: 'say', ref: parseToken(fields, 'ref'), text: parseText(fields.get('text')) }
    default:
      throw new InvalidMessageError('Cannot read message: unknown type')
  }
}

/** The room that a path names, in its one spelling; `null` when no room can have that name. */
export function parseRoomName(value: string): string | null {
  const name = value.normalize('NFC').toLowerCase()
  return name.length <= MAX_ROOM_NAME_LENGTH && ROOM_NAME.test(name) ? name : null
}

/** The form in which two names are compared: nobody is `ADA` beside `Ada`. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}

/** A map, not an object: `__proto__` is a key like any other. */
function parseFields(json: string): ReadonlyMap<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new InvalidMessageError('Cannot read message: not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidMessageError('Cannot read message: not an object')
  }
  return new Map(Object.entries(value))
}

function expectOnly(fields: ReadonlyMap<string, unknown>, known: readonly string[]): void {
  for (const field of fields.keys()) {
    if (!known.includes(field)) throw new InvalidMessageError('Cannot read message: unknown field')
  }
}

function parseName(value: unknown): string {
  if (typeof value !== 'string') throw new InvalidMessageError('Cannot read name: not a string')
  const name = value.normalize('NFC').trim().replaceAll(/ +/g, ' ')
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
    throw new InvalidMessageError(`Cannot use name: expected 1 to ${MAX_NAME_LENGTH} characters`)
  }
  if (!NAME.test(name)) {
    throw new InvalidMessageError("Cannot use name: expected letters, digits and . _ - ' only")
  }
  return name
}

function parseToken(fields: ReadonlyMap<string, unknown>, field: 'key' | 'ref'): string {
  const value = fields.get(field)
  if (typeof value !== 'string' || !TOKEN.test(value)) {
    throw new InvalidMessageError(`Cannot read ${field}: expected 8 to 64 letters and digits`)
  }
  return value
}

function parseText(value: unknown): string {
  if (typeof value !== 'string') throw new InvalidMessageError('Cannot read text: not a string')
  const text = value.replaceAll('\r\n', '\n').trim()
  if (text.length === 0 || text.length > MAX_TEXT_LENGTH) {
    throw new InvalidMessageError(`Cannot say text: expected 1 to ${MAX_TEXT_LENGTH} characters`)
  }
  if (UNPRINTABLE.test(text)) {
    throw new InvalidMessageError('Cannot say text: it has characters that cannot be shown')
  }
  return text
}
