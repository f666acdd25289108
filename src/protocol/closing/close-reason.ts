/**
 * Close reasons: a code and a short message, and their encoding in a Close frame.
 *
 * Layout of the payload (RFC 6455 §5.5.1): nothing at all, or a 2-byte big-endian code followed by
 * at most 123 bytes of UTF-8.
 */

import { ProtocolViolationError } from '../errors.ts'
import { quote } from '../frame-display.ts'
import { EMPTY_BYTES, encodeUtf8, readUtf8 } from '../text.ts'

const MAX_MESSAGE_BYTES = 123

/** A message of so many characters has at most `MAX_MESSAGE_BYTES`, whatever the characters are. */
const MAX_UNCOUNTED_CHARACTERS = MAX_MESSAGE_BYTES / 3

/**
 * Registered close codes (RFC 6455 §7.4.1; 1012 and 1013 from the IANA registry), by Ktor's names.
 */
const CODES = {
  /** The conversation is complete. */
  NORMAL: 1000,
  /** A server stops, or a browser leaves the page. */
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  /** A kind of data that this end does not accept, such as binary. */
  CANNOT_ACCEPT: 1003,
  /** Never sent: reported for a Close frame without a code. */
  NO_STATUS: 1005,
  /** Never sent: reported when the connection ended without a Close frame. */
  CLOSED_ABNORMALLY: 1006,
  /** Data that does not match its type, such as text that is not UTF-8. */
  NOT_CONSISTENT: 1007,
  VIOLATED_POLICY: 1008,
  TOO_BIG: 1009,
  /** From a client: the server did not accept an extension that the client needs. */
  NO_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
} as const
Object.freeze(CODES)

/** The name of a registered code, such as `NORMAL`. */
export type CloseCodeName = keyof typeof CODES

/**
 * The code and message of a Close frame, or of an end without one (1005, 1006). An immutable value:
 * equal to another with the same code and message.
 *
 * RFC 6455 §7.1.5, §7.1.6. Ktor: `CloseReason`.
 *
 * @example
 * close(new CloseReason(CloseReason.Codes.NORMAL, 'Client said BYE'))
 */
export class CloseReason {
  /** The registered codes by name. */
  static readonly Codes: typeof CODES = CODES

  /** 0 to 65535. These may be sent: 1000–1003, 1007–1014 and 3000–4999. */
  readonly code: number

  /** At most 123 bytes as UTF-8; `''` when there is none. */
  readonly message: string

  /**
   * @param code a whole number from 0 to 65535; applications use 4000–4999.
   * @param message at most 123 bytes as UTF-8; `''` by default.
   * @throws {RangeError} when either is out of range.
   * @throws {TypeError} when `message` is not a string.
   */
  constructor(code: number, message: string = '') {
    if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
      throw new RangeError(
        'Cannot use close code: it is out of range, expected a whole number from 0 to 65535',
      )
    }
    if (typeof message !== 'string') {
      throw new TypeError(`Cannot use close message of type ${typeof message}, expected a string`)
    }
    if (message.length > MAX_UNCOUNTED_CHARACTERS) requireShort(message)
    this.code = code
    this.message = message
  }

  /** The name of the code, such as `'NORMAL'`; `null` for a code that is not registered. */
  get knownReason(): CloseCodeName | null {
    const names = Object.keys(CODES) as CloseCodeName[] // which the type of `keys` forgets
    return names.find((name) => CODES[name] === this.code) ?? null
  }

  /** Whether `other` is a close reason with the same code and message. */
  equals(other: unknown): boolean {
    return (
      other instanceof CloseReason && other.code === this.code && other.message === this.message
    )
  }

  /** Prints the code, its name, and the message in quotes. */
  toString(): string {
    const code = this.knownReason === null ? `${this.code}` : `${this.code} ${this.knownReason}`
    return this.message === ''
      ? `CloseReason(${code})`
      : `CloseReason(${code}, ${quote(this.message)})`
  }
}

/** @throws {RangeError} if `message` is too long for a Close frame. */
function requireShort(message: string): void {
  const byteLength = encodeUtf8(message).length
  if (byteLength <= MAX_MESSAGE_BYTES) return
  throw new RangeError(
    `Cannot use close message of ${byteLength} bytes: a Close frame carries at most ${MAX_MESSAGE_BYTES}`,
  )
}

/**
 * Whether a Close frame may carry `code` (§7.4: 1004–1006 and 1015 may not be sent, 1016–2999 are
 * reserved).
 */
export function mayTravel(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
}

/**
 * Throws unless a Close frame may carry `reason`.
 *
 * @throws {RangeError} for a code that may not be sent.
 */
export function requireTravelling(reason: CloseReason): void {
  // JavaScript callers may pass anything, often `close(1000, 'bye')`.
  if (!(reason instanceof CloseReason)) {
    const given = typeof reason === 'number' ? String(reason) : `a value of type ${typeof reason}`
    throw new TypeError(
      `Cannot close with ${given}, expected a CloseReason: new CloseReason(1000, 'bye')`,
    )
  }
  if (mayTravel(reason.code)) return
  throw new RangeError(
    `Cannot send close code ${reason.code}: it never travels, expected 1000–1003, 1007–1014 or 3000–4999`,
  )
}

/**
 * Parses the payload of the peer's Close frame.
 *
 * @returns `null` for an empty payload: the peer gave no code (§7.1.5 calls this 1005).
 * @throws {ProtocolViolationError} 1002 if the code is incomplete or may not be sent (§7.4); 1007
 *   if the message is not UTF-8 (§8.1).
 */
export function parseClosePayload(payload: Uint8Array): CloseReason | null {
  if (payload.length === 0) return null
  if (payload.length === 1) {
    throw new ProtocolViolationError(1002, 'Cannot read Close payload of 1 byte: a code takes 2')
  }

  // Indices, because destructuring goes through an iterator.
  const code = (payload[0]! << 8) | payload[1]! // there are two bytes at least
  if (!mayTravel(code)) {
    throw new ProtocolViolationError(1002, `Cannot accept close code ${code}: it may not travel`)
  }
  const message = payload.length === 2 ? '' : readUtf8(payload.subarray(2))
  if (message === null) {
    throw new ProtocolViolationError(1007, 'Cannot read close message: it is not UTF-8')
  }
  return new CloseReason(code, message)
}

/**
 * Encodes the payload of a Close frame into fresh memory; empty for `null`.
 *
 * @throws {RangeError} for a code that may not be sent.
 */
export function encodeClosePayload(reason: CloseReason | null): Uint8Array {
  if (reason === null) return EMPTY_BYTES
  requireTravelling(reason)
  const message = reason.message === '' ? EMPTY_BYTES : encodeUtf8(reason.message)
  const payload = new Uint8Array(2 + message.length)
  payload[0] = reason.code >> 8
  payload[1] = reason.code & 0xff
  payload.set(message, 2)
  return payload
}
