/**
 * One copy of what most upgrade requests say alike. A session keeps its request, and Node makes strings of their
 * own of each request's headers: `Upgrade`, `websocket`, `13`, the name of the host, that of the browser.
 */

/** Names and values that nearly every handshake has, as clients write them. */
const CONSTANT: readonly string[] = [
  'Host',
  'Upgrade',
  'websocket',
  'Connection',
  'keep-alive, Upgrade',
  'Sec-WebSocket-Version',
  '13',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'Origin',
  'Cookie',
  'Authorization',
  'User-Agent',
  'Accept-Encoding',
  'Accept-Language',
  'Cache-Control',
  'Pragma',
  'no-cache',
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
]

/**
 * Headers whose values many clients have in common, and which tell nothing of one of them: what is gathered outlives
 * the session. Not `Sec-WebSocket-Protocol`, in which pages put tokens because they can set no other header.
 */
const COMMON: ReadonlySet<string> = new Set([
  'Host',
  'Origin',
  'User-Agent',
  'Accept-Encoding',
  'Accept-Language',
  'Sec-WebSocket-Extensions',
])

/** Past so many values that are not constant all are forgotten, and gathered anew. */
const MAX_VALUES = 500
/** Longer ones are not gathered. */
const MAX_CHARACTERS = 256

const constants: ReadonlyMap<string, string> = new Map(CONSTANT.map((text) => [text, text]))
const values = new Map<string, string>()

/** Puts shared copies into `rawHeaders`, names and values in turn, in place: nothing in it changes but its memory. */
export function shareStrings(rawHeaders: string[]): void {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const shared = constants.get(name)
    if (shared === undefined) continue
    rawHeaders[at] = shared
    rawHeaders[at + 1] = constants.get(value) ?? (COMMON.has(shared) ? sharedValue(value) : value)
  }
}

function sharedValue(value: string): string {
  const known = values.get(value)
  if (known !== undefined) return known
  if (value.length > MAX_CHARACTERS) return value
  if (values.size >= MAX_VALUES) values.clear()
  values.set(value, value)
  return value
}
