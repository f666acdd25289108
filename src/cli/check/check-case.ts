/**
 * A conformance case: what a peer sends, which answer is strict, and which rule it checks. Cases
 * are data. `towpath check` runs them against a server or a client over the network, and Towpath's
 * own tests run them on every engine and in both roles.
 */

import { CLOSE, hex } from './wire/frame-bytes.ts'
import { isFrame, type WireFrame } from './wire/wire-frame.ts'

/**
 * How binding a rule is.
 *
 * - `MUST`: the specification requires the behaviour, or forbids a frame that the peer has sent:
 *   incoming data must always be validated (RFC 6455 §10.7).
 * - `SHOULD`: it recommends the behaviour, or forbids another part of the peer and names no answer.
 * - `MAY`: it leaves the behaviour open.
 */
export type Grade = 'MUST' | 'SHOULD' | 'MAY'

/** The families, in the order of reports. */
export const FAMILIES = [
  'handshake',
  'smuggling',
  'framing',
  'pings',
  'fragmentation',
  'utf8',
  'closing',
  'slow',
  'limits',
  'deflate-offers',
  'compression',
  'http2',
] as const

/** One of the families. */
export type Family = (typeof FAMILIES)[number]

/** Something that a peer does. A string is hex, for bytes that are no frame. */
export type Step =
  | WireFrame
  | string
  /** Bytes, written in pieces of `size` bytes. */
  | { readonly bytes: Uint8Array; readonly size?: number }
  /** More of the payload of the frame before, which has had `at` bytes so far. */
  | { readonly continues: Uint8Array; readonly at: number }
  /** Waits until the answer has so many frames in all. */
  | { readonly awaits: number }
  /** Nothing may have come before this step. */
  | { readonly quiet: true }
  /** The end of the stream (FIN), without a Close. */
  | { readonly ends: true }

/** One connection after its handshake, from its first byte to its last. */
export interface Exchange {
  readonly sends: readonly Step[]
  /** The strict answer: all bytes until the end of the stream, without masks. */
  readonly gets: Uint8Array
  /**
   * What the peer would send next. The strict answer comes without it. Others get it after a
   * while, so that an answer that is late differs from none.
   */
  readonly late?: readonly Step[]
  /** Whether everything is sent without waiting for the echo of a message. */
  readonly isAtOnce?: boolean
  /** Whether the steps take so long that they are sent in one way only. */
  readonly isLarge?: boolean
  /** Whether the echo may be compressed, so that messages are compared instead of bytes. */
  readonly isCompressed?: boolean
}

/** What every case has. `family` and `name` identify it. */
export interface Described {
  readonly family: Family
  readonly name: string
  /** `RFC 6455 §5.2`. */
  readonly section: string
  readonly grade: Grade
}

/** A case about frames. */
export interface FrameCase extends Described {
  readonly kind: 'frames'
  /** The extensions that are offered; absent: none. */
  readonly offer?: string
  /** Whether the peer must be allowed to refer to earlier messages. */
  readonly needsTakeover?: boolean
  /** Whether each byte is written by itself. */
  readonly isSlow?: boolean
  readonly exchange: () => Exchange
}

/** How a request for an upgrade differs from a correct one. */
export interface RequestChange {
  readonly method?: string
  readonly version?: string
  /** Returns the request target. The origin is `http://HOST`, or `https://HOST`. */
  readonly target?: (path: string, origin: string) => string
  /** Names of headers that are left out, in lower case. */
  readonly drop?: readonly string[]
  /** Lines in the place of headers; the keys are in lower case. */
  readonly replace?: Readonly<Record<string, string>>
  /** Lines behind all others. */
  readonly add?: readonly string[]
  /** The end of each line. */
  readonly lineEnd?: string
  /** What follows the empty line. */
  readonly body?: string
}

/**
 * What a server does with a request:
 *
 * - `opens`: 101, and a message is echoed.
 * - `declines`: the same, without an extension.
 * - `refuses`: a status of 400 or more.
 * - `refuses-version`: the same, with `Sec-WebSocket-Version`.
 * - `ignores`: any status but 101.
 */
export type HandshakeOutcome = 'opens' | 'declines' | 'refuses' | 'refuses-version' | 'ignores'

/** A case about the opening handshake of a server. */
export interface HandshakeCase extends Described {
  readonly kind: 'handshake'
  readonly change: RequestChange
  readonly outcome: HandshakeOutcome
  readonly isSlow?: boolean
  /** Whether it needs a server that compresses. */
  readonly needsDeflate?: boolean
}

/** Any case against a server. */
export type CheckCase = FrameCase | HandshakeCase

/** The parts of an exchange that have defaults. */
export type ExchangeExtras = Omit<Exchange, 'sends' | 'gets'>

/** Defines cases of one rule. */
export type FrameRule = (
  name: string,
  sends: readonly Step[],
  gets: string | Uint8Array,
  extras?: ExchangeExtras,
) => FrameCase

/** Returns a function that defines cases of one rule. @param section of RFC 6455, unless named. */
export function frameRule(
  family: Family,
  section: string,
  grade: Grade,
  more: Pick<FrameCase, 'offer' | 'needsTakeover' | 'isSlow'> = {},
): FrameRule {
  return (name, sends, gets, extras = {}) => ({
    ...largeCase(family, section, grade, name, () => ({
      sends,
      gets: typeof gets === 'string' ? hex(gets) : gets,
      ...extras,
    })),
    ...more,
  })
}

/** Defines a case whose bytes are made when they are needed. */
export function largeCase(
  family: Family,
  section: string,
  grade: Grade,
  name: string,
  exchange: () => Exchange,
): FrameCase {
  return { kind: 'frames', family, name, section: sectionName(section), grade, exchange }
}

/** Defines a case of the opening handshake. */
export function handshakeCase(
  family: Family,
  section: string,
  grade: Grade,
  name: string,
  outcome: HandshakeOutcome,
  change: RequestChange,
  more: Pick<HandshakeCase, 'isSlow' | 'needsDeflate'> = {},
): HandshakeCase {
  const described = { family, name, section: sectionName(section), grade }
  return { kind: 'handshake', ...described, outcome, change, ...more }
}

/** The codes of the Close frames that the peer sends; `null`: a Close without a code. */
export function sentCodes(steps: readonly Step[]): (number | null)[] {
  const closes = steps.filter(isFrame).filter(({ first }) => (first & 0x0f) === (CLOSE & 0x0f))
  return closes.map(({ payload = new Uint8Array(0) }) => {
    const [high, low] = payload
    return high === undefined || low === undefined ? null : high * 256 + low
  })
}

function sectionName(section: string): string {
  return section.startsWith('RFC') ? section : `RFC 6455 §${section}`
}
