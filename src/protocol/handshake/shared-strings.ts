/**
 * One copy of the strings that most upgrade requests have in common.
 *
 * A session keeps its request. Without this file each request would have strings of its own for
 * `Upgrade`, `websocket`, `13`, the names of the host and of the browser.
 */

/** Headers of nearly every handshake, as most clients write them. */
const NAMES: readonly string[] = [
  'Host',
  'Upgrade',
  'Connection',
  'Sec-WebSocket-Version',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Origin',
  'Cookie',
  'Authorization',
  'User-Agent',
  'Accept-Encoding',
  'Accept-Language',
  'Cache-Control',
  'Pragma',
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
]

/** Values of such headers that never change. */
const VALUES: readonly string[] = [
  'websocket',
  'Upgrade',
  'keep-alive, Upgrade',
  '13',
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'no-cache',
]

/**
 * Headers with values that many clients share and that identify no client: a shared value outlives
 * its session. `Sec-WebSocket-Protocol` is not one of them: pages put tokens into it, because they
 * can set no other header.
 */
const COMMON: ReadonlySet<string> = new Set([
  'Host',
  'Origin',
  'User-Agent',
  'Accept-Encoding',
  'Accept-Language',
  'Sec-WebSocket-Extensions',
])

/** The most values that are kept beside the constants; then all are forgotten. */
const MAX_VALUES = 500
/** Longer values are not kept. */
const MAX_CHARACTERS = 256

const values = new Map<string, string>()

/** One spelling of a header that many requests have. */
export class KnownHeader {
  readonly name: string
  /** The code of the first character of the name. */
  readonly first: number
  readonly #isCommon: boolean
  /** The shared value that was seen last; `''` for none. */
  #last = ''

  constructor(name: string, isCommon: boolean) {
    this.name = name
    this.first = name.charCodeAt(0)
    this.#isCommon = isCommon
  }

  /** Returns the last shared value if it is `text` from `start` to `end`, else `null`. */
  lastIn(text: string, start: number, end: number): string | null {
    const last = this.#last
    return last.length === end - start && last !== '' && text.startsWith(last, start) ? last : null
  }

  /** Returns the shared copy of `value`; `value` itself if it is not shared. */
  share(value: string): string {
    if (value === this.#last) return this.#last
    const shared = constants.get(value) ?? (this.#isCommon ? kept(value) : null)
    if (shared === null) return value
    this.#last = shared
    return shared
  }
}

const constants: ReadonlyMap<string, string> = new Map(VALUES.map((text) => [text, text]))

/** By the length of their names: in each list, the names differ. */
const knownByLength: KnownHeader[][] = []

const knownByName: ReadonlyMap<string, KnownHeader> = new Map(
  NAMES.flatMap((name) =>
    [name, name.toLowerCase()].map((spelling) => {
      const known = new KnownHeader(spelling, COMMON.has(name))
      ;(knownByLength[spelling.length] ??= []).push(known)
      return [spelling, known] as const
    }),
  ),
)

/** Returns the known header whose name is `text` from `start` to `end`; `null` if there is none. */
export function knownHeaderIn(text: string, start: number, end: number): KnownHeader | null {
  const candidates = knownByLength[end - start]
  if (candidates === undefined) return null
  const first = text.charCodeAt(start)
  for (const known of candidates) {
    if (known.first === first && text.startsWith(known.name, start)) return known
  }
  return null
}

/**
 * Puts shared copies into `rawHeaders`, names and values in turn, in place: only its memory
 * changes.
 */
export function shareStrings(rawHeaders: string[]): void {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const known = knownByName.get(rawHeaders[at] ?? '')
    if (known === undefined) continue
    rawHeaders[at] = known.name
    rawHeaders[at + 1] = known.share(rawHeaders[at + 1] ?? '')
  }
}

function kept(value: string): string | null {
  const known = values.get(value)
  if (known !== undefined) return known
  if (value.length > MAX_CHARACTERS) return null
  if (values.size >= MAX_VALUES) values.clear()
  values.set(value, value)
  return value
}
