/** The headers that opening handshakes read, found in one pass over all headers of a request. */

import { HandshakeError } from '../errors.ts'
import { isLowerCaseOf } from './headers.ts'

/** The headers that a handshake reads, by their place in `FIELDS`. */
export const HOST: number = 0
export const UPGRADE: number = 1
export const KEY: number = 2
export const SUPPORTED_VERSION: number = 3
export const ORIGIN: number = 4
const CONTENT_LENGTH = 5
export const CONNECTION: number = 6
export const PROTOCOL: number = 7
export const EXTENSIONS: number = 8
export const TRANSFER_ENCODING: number = 9

const FIELDS: readonly string[] = [
  'Host',
  'Upgrade',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Origin',
  'Content-Length',
  'Connection',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Transfer-Encoding',
]

/** Of `FIELDS`, those before this place may occur only once. */
const SINGLE_FIELDS = CONTENT_LENGTH + 1

/** The places of the fields whose names have a certain length. */
const FIELDS_BY_LENGTH: number[][] = []
for (const [place, { length }] of FIELDS.entries()) (FIELDS_BY_LENGTH[length] ??= []).push(place)

const LOWER: readonly string[] = FIELDS.map((name) => name.toLowerCase())

/** The fields of one request, found in one pass over its headers. */
export class HandshakeFields {
  readonly #values: (string | null)[] = [null, null, null, null, null, null, null, null, null, null]
  /** One bit for each field that occurs more than once. */
  #repeated = 0

  constructor(raw: readonly string[]) {
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const place = placeOf(raw[at] ?? '')
      if (place !== null) this.#add(place, raw[at + 1] ?? '')
    }
  }

  /** All values of a field, joined by `', '` (RFC 9110 §5.3); `null` if it is absent. */
  get(place: number): string | null {
    return this.#values[place] ?? null
  }

  /** @throws {HandshakeError} 400 if a field that may occur once is there more than once. */
  requireSingle(): void {
    if (this.#repeated === 0) return
    const name = FIELDS.find((_, place) => place < SINGLE_FIELDS && this.#isRepeated(place))
    if (name === undefined) return
    throw new HandshakeError(400, `Cannot upgrade: ${name} is there more than once`)
  }

  #isRepeated(place: number): boolean {
    return (this.#repeated & (1 << place)) !== 0
  }

  #add(place: number, value: string): void {
    const before = this.get(place)
    this.#values[place] = before === null ? value : `${before}, ${value}`
    if (before !== null) this.#repeated |= 1 << place
  }
}

function placeOf(name: string): number | null {
  const places = FIELDS_BY_LENGTH[name.length]
  if (places === undefined) return null
  for (const place of places) {
    if (name === FIELDS[place] || isLowerCaseOf(LOWER[place] ?? '', name)) return place
  }
  return null
}
