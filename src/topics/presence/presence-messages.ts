/**
 * What processes tell each other about presence, as JSON on channels of the broker.
 *
 * On the control channel: that a process lives, leaves, and asks. On the channel of a topic: who is
 * there.
 */

/** A member of one process: its key, what is said, and when. */
export type MemberEntry = readonly [key: string, meta: unknown, stamp: number]

/** What a process says. */
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

/** Where processes tell that they live. */
export const CONTROL_CHANNEL = 'n:presence'

const PREFIX = 'p:'
const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** Where a topic's presence travels. */
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

/** @returns `null` for what is no message: another program has sent something on our channel. */
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
