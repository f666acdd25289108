/**
 * What the frames of a conversation tell: counts, pings with their times, and Close frames.
 */

import type { Clock } from '../../base/index.ts'
import { hexOf, printable } from '../printable.ts'
import type { SeenFrame } from '../wire/frame-watcher.ts'
import type { FrameDirection } from '../wire/tapped-transport.ts'

const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

/** Pings whose pong has not come; older ones are forgotten. */
const MAX_PINGS = 64

interface Counts {
  messages: number
  frames: number
  bytes: number
}

/** Watches the frames of all sessions of one conversation. */
export class WireLog {
  readonly #clock: Clock
  readonly #note: (line: string) => void
  readonly #startedAt: number
  readonly #counts: Readonly<Record<FrameDirection, Counts>> = {
    sent: { messages: 0, frames: 0, bytes: 0 },
    received: { messages: 0, frames: 0, bytes: 0 },
  }
  /** When each unanswered ping was sent, by its payload in hex. */
  readonly #pings = new Map<string, number>()
  #roundTripTime: number | null = null

  /** @param note prints a line about a control frame. */
  constructor(clock: Clock, note: (line: string) => void) {
    this.#clock = clock
    this.#note = note
    this.#startedAt = clock.now()
  }

  /** The statistics so far, as lines to print. */
  get lines(): readonly string[] {
    const { sent, received } = this.#counts
    const seconds = (this.#clock.now() - this.#startedAt) / 1000
    const rtt = this.#roundTripTime
    return [
      `sent ${describe(sent)}, received ${describe(received)}`,
      `round-trip time: ${rtt === null ? 'unknown (use /ping)' : `${rtt.toFixed(1)} ms`}, time: ${seconds.toFixed(1)} s`,
    ]
  }

  /** Takes a frame that has passed. */
  readonly frame = (direction: FrameDirection, frame: SeenFrame): void => {
    const counts = this.#counts[direction]
    counts.frames += 1
    counts.bytes += frame.byteLength
    if (frame.opcode === TEXT || frame.opcode === BINARY) counts.messages += 1
    else if (frame.opcode === PING) this.#ping(direction, frame.payload)
    else if (frame.opcode === PONG) this.#pong(direction, frame.payload)
    else if (frame.opcode === CLOSE) this.#note(`Close ${direction}: ${closeText(frame.payload)}`)
  }

  #ping(direction: FrameDirection, payload: Uint8Array): void {
    this.#note(`ping ${direction}${payloadText(payload)}`)
    if (direction === 'received') return
    this.#pings.set(hexOf(payload), this.#clock.now())
    const [oldest] = this.#pings.keys()
    if (this.#pings.size > MAX_PINGS && oldest !== undefined) this.#pings.delete(oldest)
  }

  #pong(direction: FrameDirection, payload: Uint8Array): void {
    const key = hexOf(payload)
    const sentAt = direction === 'received' ? this.#pings.get(key) : undefined
    if (sentAt === undefined) {
      this.#note(`pong ${direction}${payloadText(payload)}`)
      return
    }
    this.#pings.delete(key)
    this.#roundTripTime = this.#clock.now() - sentAt
    const time = `after ${this.#roundTripTime.toFixed(1)} ms`
    this.#note(`pong received${payloadText(payload)} ${time}`)
  }
}

function describe({ messages, frames, bytes }: Counts): string {
  return `${messages} messages (${frames} frames, ${bytes} bytes)`
}

/** A payload that is readable text is shown in quotes, any other in hex. */
function payloadText(payload: Uint8Array): string {
  if (payload.length === 0) return ''
  const text = Buffer.from(payload).toString('latin1')
  return /^[\x20-\x7e]+$/.test(text) ? ` "${text}"` : ` ${hexOf(payload, 32)}`
}

/** Returns the code and the reason of a Close frame's payload. */
export function closeText(payload: Uint8Array): string {
  if (payload.length < 2) return 'no code'
  const code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0)
  const reason = new TextDecoder().decode(payload.subarray(2))
  return reason === '' ? `${code}` : `${code} "${printable(reason)}"`
}
