/**
 * The messages of presence between processes, as JSON on channels of the broker.
 *
 * The control channel has signs of life, goodbyes and questions. The channel of a topic has its
 * members.
 */

/** A member of one process: its key, its meta, and the stamp of the meta. */
export type MemberEntry = readonly [key: string, meta: unknown, stamp: number]

/** A message of a process. */
export type PresenceMessage =
  /** `hello`: the process has come, or come back. All others answer with `alive`. */
  | { readonly type: 'hello' | 'alive'; readonly node: string }
  /** The process stops. Its members count for the grace. */
  | { readonly type: 'bye'; readonly node: string }
  /** Asks for snapshots of topics; of one process, or of all. */
  | {
      readonly type: 'ask'
      readonly node: string
      readonly to: string | null
      readonly topics: readonly string[]
    }
  /** What has changed between two versions; a key alone has left. */
  | {
      readonly type: 'delta'
      readonly node: string
      readonly from: number
      readonly to: number
      readonly changes: ReadonlyArray<MemberEntry | readonly [key: string]>
    }
  /** The current version: a process with another version has missed a message. */
  | { readonly type: 'beacon'; readonly node: string; readonly version: number }
  /** Everything at a version, in parts. */
  | {
      readonly type: 'snapshot'
      readonly node: string
      readonly version: number
      readonly part: number
      readonly isLast: boolean
      readonly members: readonly MemberEntry[]
    }

/** The channel for signs of life. */
export const CONTROL_CHANNEL = 'n:presence'

const PREFIX = 'p:'
const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** The channel for the members of a topic. */
export function presenceChannelOf(topic: string): string {
  return `${PREFIX}${topic}`
}

/** @returns `null` for another channel. */
export function topicOfPresence(channel: string): string | null {
  return channel.startsWith(PREFIX) ? channel.slice(PREFIX.length) : null
}

export function encodePresence(message: PresenceMessage): Uint8Array {
  return ENCODER.encode(JSON.stringify(message))
}

/** @returns `null` for bytes that are not a message: another program may use the channel. */
export function decodePresence(bytes: Uint8Array): PresenceMessage | null {
  try {
    const value: unknown = JSON.parse(DECODER.decode(bytes))
    if (typeof value !== 'object' || value === null) return null
    const fields = value as Readonly<Record<string, unknown>> // checked below
    return isMessage(fields) ? fields : null
  } catch {
    return null // not JSON
  }
}

function isMessage(fields: object): fields is PresenceMessage {
  const { type, node, ...rest } = fields as Readonly<Record<string, unknown>> // checked here
  if (typeof node !== 'string') return false
  switch (type) {
    case 'hello':
    case 'alive':
    case 'bye':
      return true
    case 'ask':
      return (
        (rest['to'] === null || typeof rest['to'] === 'string') &&
        isListOf(rest['topics'], (topic) => typeof topic === 'string')
      )
    case 'delta':
      return isNumber(rest['from']) && isNumber(rest['to']) && isListOf(rest['changes'], isChange)
    case 'beacon':
      return isNumber(rest['version'])
    case 'snapshot':
      return (
        isNumber(rest['version']) &&
        isNumber(rest['part']) &&
        typeof rest['isLast'] === 'boolean' &&
        isListOf(rest['members'], (entry) => isChange(entry) && entry.length === 3)
      )
    default:
      return false
  }
}

function isChange(entry: unknown): entry is readonly unknown[] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false
  return entry.length === 1 || (entry.length === 3 && isNumber(entry[2]))
}

function isListOf(value: unknown, isOne: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
