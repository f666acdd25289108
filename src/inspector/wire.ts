/**
 * What the page and its server send to each other: JSON in text messages. The page imports these
 * types; `readRequest` is the server's check of what arrives.
 */

/** The numbers that charts show. Rates are per second, times in milliseconds, sizes in bytes. */
export const SERIES = [
  'sessions',
  'opened',
  'closed',
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
  /** Bytes that wait for handlers. */
  'unread',
  /** Bytes that wait for slow peers. */
  'unsent',
  'roundTrip50',
  'roundTrip99',
  'loop50',
  'loop99',
  'loopMax',
  /** The share of the time in which the event loop was busy, and processors in use: 1 is one. */
  'busy',
  'cpu',
  'resident',
  'heap',
  /** Bytes that sessions hold in memory. */
  'held',
  'refused',
  'dropped',
] as const
export type SeriesName = (typeof SERIES)[number]

/** One value of each series; `null`: there was nothing to measure. */
export type Sample = Readonly<Record<SeriesName, number | null>>

/** The last samples, by series, oldest first. Times are milliseconds since 1970. */
export interface History {
  readonly times: readonly number[]
  readonly series: Readonly<Record<SeriesName, ReadonlyArray<number | null>>>
}

/** What sessions can be sorted by. */
export const SORTS = ['rate', 'age', 'messages', 'bytes', 'unread', 'unsent', 'roundTrip'] as const
export type Sort = (typeof SORTS)[number]

/** Which sessions a page shows. */
export interface View {
  readonly sort: Sort
  readonly order: 'descending' | 'ascending'
  /** `null`: all routes. */
  readonly route: string | null
  /** A part of an id, an address or a subprotocol; `''` for all. */
  readonly text: string
}

/** The most rows of any list. */
export const MAX_ROWS = 200
const MAX_TEXT = 100
const MAX_ROUTE = 1000
const MAX_ID = 100

/** The view of a page that has not asked for another. */
export const FIRST_VIEW: View = { sort: 'rate', order: 'descending', route: null, text: '' }

/** One session. Ages and times are in milliseconds, rates are bytes a second. */
export interface SessionRow {
  readonly id: string
  readonly route: string
  readonly remote: string
  readonly protocol: string | null
  readonly age: number
  readonly rate: number
  readonly messages: number
  readonly bytes: number
  readonly unread: number
  readonly unsent: number
  readonly roundTrip: number | null
  readonly isClosing: boolean
}

/** Sessions younger than so many milliseconds fall into one class of age; the last has the rest. */
export const AGES = [10_000, 60_000, 600_000, 3_600_000, 86_400_000] as const

/** The sessions of one route. */
export interface RouteRow {
  readonly route: string
  readonly sessions: number
  /** How many sessions are in each class of `AGES`, and above. */
  readonly ages: readonly number[]
  readonly messagesIn: number
  readonly messagesOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly unread: number
  readonly unsent: number
}

/** The ends of sessions with one close code. */
export interface CloseRow {
  /** `null`: all codes beyond the bound. */
  readonly code: number | null
  readonly count: number
  readonly last: EndFacts
}

/** How one session ended. Nothing in it comes from the peer but the code. */
export interface EndFacts {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly session: string
  readonly route: string
  readonly remote: string
  readonly code: number
  readonly initiator: 'local' | 'remote' | 'none'
  /** The message of the Close frame that this side sent; `''` if there is none. */
  readonly reason: string
  /** The stable code of the error, or its name; `null` if there was none. */
  readonly cause: string | null
}

/** A topic of this process. */
export interface TopicRow {
  readonly topic: string
  readonly subscribers: number
  /** Events behind the newest one, of the slowest subscriber that was looked at. */
  readonly lag: number
}

/** The topics of this process. */
export interface TopicsFacts {
  readonly broker: string
  readonly count: number
  /** Those with the most subscribers. */
  readonly rows: readonly TopicRow[]
}

/** What is the same for all pages. */
export interface Facts {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly state: 'running' | 'leaving' | 'stopping' | 'stopped'
  readonly sample: Sample
  readonly opened: number
  readonly closed: number
  readonly routes: readonly RouteRow[]
  readonly closes: readonly CloseRow[]
  /** The last ends with an error, newest first. */
  readonly failures: readonly EndFacts[]
  readonly refusals: Readonly<Record<string, number>>
  readonly limits: Readonly<Record<string, number>>
  readonly dropped: { readonly incoming: number; readonly outgoing: number }
  /** `used` is measured with the sessions; `limit` is `null` without a limit. */
  readonly budget: { readonly used: number; readonly limit: number | null }
  readonly topics: TopicsFacts | null
  readonly viewers: number
}

/** What the server sends. */
export type ServerMessage =
  | {
      readonly type: 'hello'
      readonly actions: boolean
      readonly operator: string | null
      readonly process: { readonly pid: number; readonly host: string; readonly node: string }
      /** Milliseconds since 1970. */
      readonly startedAt: number
      readonly history: History
    }
  | {
      readonly type: 'snapshot'
      readonly facts: Facts
      readonly view: View
      /** How many sessions the view has. */
      readonly matching: number
      readonly rows: readonly SessionRow[]
    }
  | { readonly type: 'closing'; readonly session: string; readonly found: boolean }

/** What a page sends. */
export type PageMessage =
  | ({ readonly type: 'view' } & View)
  | { readonly type: 'close'; readonly session: string }

/** Returns the request of a page; `null` if it is invalid. */
export function readRequest(text: string): PageMessage | null {
  const value = parsed(text)
  if (value === null) return null
  if (value['type'] === 'close') {
    const { session } = value
    return isText(session, MAX_ID) ? { type: 'close', session } : null
  }
  if (value['type'] !== 'view') return null
  const { sort, order, route, text: words } = value
  const known = SORTS.find((name) => name === sort)
  if (known === undefined || (order !== 'ascending' && order !== 'descending')) return null
  if (!isText(words, MAX_TEXT) || (route !== null && !isText(route, MAX_ROUTE))) return null
  return { type: 'view', sort: known, order, route, text: words }
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    // The fields are checked by the caller.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null // not JSON
  }
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most
}
