/**
 * A decoder that is slow and plain: RFC 6455 §5 read aloud, over bytes that are all there. What the
 * real one does in pieces, in place and in a hurry has to come to the same.
 */

import { toHex } from './bytes.ts'

/** What the reference is told; sizes in bytes. */
export interface ReferenceOptions {
  readonly role: 'server' | 'client'
  readonly maxFrameSize: number
  readonly maxMessageSize: number
  readonly maxFragments: number
}

/** What broke a rule, in words that tests compare with. */
export type Broken =
  | 'reserved bits'
  | 'opcode'
  | 'order'
  | 'fragmented control'
  | 'mask'
  | 'long control'
  | 'length form'
  | 'length above 2^63'
  | 'too big'
  | 'too many fragments'
  | 'text'
  | 'close payload'

/** All that is to be said about a stream. */
export interface Reading {
  /** One line for each event, as `Recorder` writes them. */
  readonly events: readonly string[]
  /** Which rule was broken; `null` if none. */
  readonly broken: Broken | null
  /** The code to fail with. */
  readonly code: number | null
  /** Whether the stream ends between two frames and two messages, or with a Close. */
  readonly isWhole: boolean
}

/**
 * The events of a reading with the fragments of each message put together, such as `text 68 69`.
 */
export function wholeMessages(events: readonly string[]): string[] {
  const lines: string[] = []
  let gathered = ''
  for (const event of events) {
    const [, type, fin, bytes] = /^(text|binary) (fin|part)(.*)$/.exec(event) ?? []
    if (type === undefined) {
      lines.push(event)
      continue
    }
    gathered += bytes
    if (fin === 'part') continue
    lines.push(type + gathered)
    gathered = ''
  }
  return lines
}

class Violation extends Error {
  readonly broken: Broken
  readonly code: number

  constructor(broken: Broken, code: number = 1002) {
    super(broken)
    this.broken = broken
    this.code = code
  }
}

/** More than any memory holds: as large as `Uint8Array` may become on no machine. */
const NO_MEMORY_BYTES = 2 ** 40

/** Reads a whole stream. */
export function readStream(bytes: Uint8Array, options: ReferenceOptions): Reading {
  const events: string[] = []
  try {
    const isWhole = readFrames(bytes, options, events)
    return { events, broken: null, code: null, isWhole }
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    events.push(`violation ${error.code}`)
    return { events, broken: error.broken, code: error.code, isWhole: true }
  }
}

/** The message that has begun. */
interface Message {
  readonly type: 'text' | 'binary'
  readonly payload: readonly number[]
  readonly fragments: number
}

/** @returns whether the stream ends where a message could begin, or in a Close. */
function readFrames(bytes: Uint8Array, options: ReferenceOptions, events: string[]): boolean {
  let at = 0
  let message: Message | null = null
  while (at < bytes.length) {
    // §5.2: FIN, RSV1 to 3, opcode
    const first = bytes[at++] ?? 0
    const fin = first >= 128
    const reserved = Math.floor(first / 16) % 8
    const opcode = first % 16
    if (reserved !== 0) throw new Violation('reserved bits')
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) throw new Violation('opcode')
    const isControl = opcode >= 8
    if (isControl && !fin) throw new Violation('fragmented control') // §5.5
    if (opcode === 0 && message === null) throw new Violation('order') // §5.4
    if ((opcode === 1 || opcode === 2) && message !== null) throw new Violation('order') // §5.4
    if (opcode === 0 && message !== null && message.fragments >= options.maxFragments) {
      throw new Violation('too many fragments', 1008)
    }

    // §5.2: MASK, payload length
    if (at === bytes.length) return false
    const second = bytes[at++] ?? 0
    const isMasked = second >= 128
    if (isMasked !== (options.role === 'server')) throw new Violation('mask') // §5.1
    let length = BigInt(second % 128)
    if (isControl && length > 125n) throw new Violation('long control') // §5.5
    if (opcode === 8 && length === 1n) throw new Violation('close payload') // §5.5.1
    if (length >= 126n) {
      const width = length === 126n ? 2 : 8
      if (at + width > bytes.length) return false
      length = 0n
      for (let index = 0; index < width; index++) length = length * 256n + BigInt(bytes[at++] ?? 0)
      if (length >= 2n ** 63n) throw new Violation('length above 2^63')
      if (width === 2 && length < 126n) throw new Violation('length form')
      if (width === 8 && length < 65536n) throw new Violation('length form')
    }
    if (!isControl) {
      const before = opcode === 0 ? BigInt(message?.payload.length ?? 0) : 0n
      if (isAbove(length, options.maxFrameSize)) throw new Violation('too big', 1009)
      if (isAbove(before + length, options.maxMessageSize)) throw new Violation('too big', 1009)
      if (isAbove(before + length, NO_MEMORY_BYTES)) throw new Violation('too big', 1009)
    }

    // §5.3: masking key
    const key = [0, 0, 0, 0]
    if (isMasked) {
      if (at + 4 > bytes.length) return false
      for (let index = 0; index < 4; index++) key[index] = bytes[at++] ?? 0
    }

    // The payload, as much of it as there is
    const payload: number[] = []
    while (at < bytes.length && BigInt(payload.length) < length) {
      payload.push((bytes[at++] ?? 0) ^ (key[payload.length % 4] ?? 0))
    }
    const isComplete = BigInt(payload.length) === length

    if (!isControl) {
      const begun: Message = message ?? {
        type: opcode === 1 ? 'text' : 'binary',
        payload: [],
        fragments: 0,
      }
      const { type } = begun
      message = {
        type,
        payload: [...begun.payload, ...payload],
        fragments: begun.fragments + 1,
      }
      if (type === 'text') {
        const text = readText(message.payload)
        if (text === 'bad' || (text === 'cut' && fin && isComplete))
          throw new Violation('text', 1007) // §8.1
      }
      if (!isComplete) return false
      events.push(`${type} ${fin ? 'fin' : 'part'} ${toHex(Uint8Array.from(payload))}`.trim())
      if (fin) message = null
      continue
    }

    if (!isComplete) return false
    const shown = toHex(Uint8Array.from(payload))
    if (opcode === 9) events.push(`ping ${shown}`.trim())
    if (opcode === 10) events.push(`pong ${shown}`.trim())
    if (opcode === 8) {
      events.push(readClose(payload))
      return true // §5.5.1: nothing is read after a Close
    }
  }
  return message === null
}

/** §5.5.1, §7.4 */
function readClose(payload: readonly number[]): string {
  if (payload.length === 0) return 'close'
  const code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0)
  const defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
  if (!defined.includes(code) && !(code >= 3000 && code <= 4999))
    throw new Violation('close payload')
  const message = payload.slice(2)
  if (readText(message) !== 'whole') throw new Violation('close payload', 1007)
  return `close ${code} "${Buffer.from(message).toString('utf8')}"`
}

/**
 * RFC 3629 §3, by arithmetic: `cut` if the last character has begun and could still become a good
 * one.
 */
function readText(bytes: readonly number[]): 'whole' | 'cut' | 'bad' {
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at++] ?? 0
    if (first < 0x80) continue
    const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    if (first < 0xc0 || first > 0xf7) return 'bad'
    // What the character is at least and at most, whatever follows.
    let least = first - [0, 0, 0xc0, 0xe0, 0xf0][size]! // sizes are 2 to 4
    let greatest = least
    let missing = size - 1
    for (; missing > 0 && at < bytes.length; missing--) {
      const next = bytes[at++] ?? 0
      if (next < 0x80 || next > 0xbf) return 'bad'
      least = least * 64 + (next - 0x80)
      greatest = greatest * 64 + (next - 0x80)
    }
    const isCut = missing > 0
    for (; missing > 0; missing--) {
      least = least * 64
      greatest = greatest * 64 + 63
    }
    if (!couldBeCharacter(least, greatest, size)) return 'bad'
    if (isCut) return 'cut'
  }
  return 'whole'
}

/** Whether any number from `least` to `greatest` is a character that is written in `size` bytes. */
function couldBeCharacter(least: number, greatest: number, size: number): boolean {
  const shortest = [0, 0, 0x80, 0x800, 0x10000][size]! // sizes are 2 to 4
  const lowest = Math.max(least, shortest)
  const highest = Math.min(greatest, 0x10ffff)
  if (lowest > highest) return false
  return !(lowest >= 0xd800 && highest <= 0xdfff)
}

function isAbove(length: bigint, limit: number): boolean {
  return limit !== Infinity && length > BigInt(limit)
}
