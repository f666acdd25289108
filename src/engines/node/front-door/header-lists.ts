/**
 * The header lists of sessions. Clients of one kind send the same headers, but for the key of the
 * handshake. So sessions share their lists, and each keeps its key.
 */

/** A list in which the place of the key is empty. */
export interface SharedHeaders {
  /** Names and values by turns, as they arrived. */
  readonly list: readonly string[]
  /** The index of the key. */
  readonly keyAt: number
}

const KEY = 'sec-websocket-key'

/**
 * Names of headers that tell a kind of client. A list with any other name is not kept to be shared:
 * it would differ between clients, and might keep a secret for longer than its session.
 */
const COMMON = new Set([
  KEY,
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'dnt',
  'host',
  'origin',
  'pragma',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-gpc',
  'sec-websocket-extensions',
  'sec-websocket-version',
  'upgrade',
  'user-agent',
])

/** Lists that are kept to be shared: more than the kinds of clients that most servers have. */
const MAX_LISTS = 8

/** The lists that were found last, oldest first. */
const lists: SharedHeaders[] = []

/** Returns the list that a session with these headers shares; `null`: the session has its own. */
export function sharedHeaders(rawHeaders: readonly string[]): SharedHeaders | null {
  const known = lists.find((each) => isSame(each, rawHeaders))
  if (known !== undefined) return known
  let keyAt = -1
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!COMMON.has(name)) return null
    if (name === KEY) keyAt = at + 1
  }
  if (keyAt === -1) return null
  const shared = { list: withKey(rawHeaders, keyAt, ''), keyAt }
  if (lists.length === MAX_LISTS) lists.shift()
  lists.push(shared)
  return shared
}

/** Returns the headers of one session. */
export function headersWithKey({ list, keyAt }: SharedHeaders, key: string): readonly string[] {
  return withKey(list, keyAt, key)
}

function withKey(list: readonly string[], keyAt: number, key: string): readonly string[] {
  const copy = [...list]
  copy[keyAt] = key
  return copy
}

function isSame({ list, keyAt }: SharedHeaders, rawHeaders: readonly string[]): boolean {
  if (list.length !== rawHeaders.length) return false
  // From the end: names come again in most lists, values in few.
  for (let at = list.length - 1; at >= 0; at--) {
    if (at !== keyAt && list[at] !== rawHeaders[at]) return false
  }
  return true
}
