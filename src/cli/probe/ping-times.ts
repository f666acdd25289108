/**
 * Pings of a probe: sends one, and waits for its pong.
 */

import type { Clock } from '../../base/index.ts'
import { Deferred } from '../../base/internal.ts'
import type { WebSocketClientSession } from '../../client/index.ts'
import { Frame } from '../../protocol/index.ts'
import { hexOf } from '../printable.ts'
import type { FrameListener } from '../wire/tapped-transport.ts'

const PONG = 10
const PONG_TIMEOUT_MS = 10_000

/** Sends pings, each with a payload of its own. */
export class PingTimes {
  readonly #clock: Clock
  #count = 0
  #expected = ''
  #pong = new Deferred<boolean>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes the frames of the session. */
  readonly frame: FrameListener = (direction, { opcode, payload }) => {
    if (direction === 'received' && opcode === PONG && hexOf(payload) === this.#expected) {
      this.#pong.resolve(true)
    }
  }

  /**
   * Sends one ping.
   *
   * @returns the round-trip time in milliseconds; `null` if the session has ended, or if no pong
   *   came within 10 seconds.
   */
  async measure(session: WebSocketClientSession): Promise<number | null> {
    const payload = Buffer.from(`probe ${++this.#count}`)
    this.#expected = hexOf(payload)
    const pong = new Deferred<boolean>()
    this.#pong = pong
    const sentAt = this.#clock.now()
    void session.send(new Frame.Ping(payload)).catch(() => pong.resolve(false))
    void session.closed.then(() => pong.resolve(false))
    using _timer = this.#clock.setTimer(PONG_TIMEOUT_MS, () => pong.resolve(false))
    return (await pong.promise) ? this.#clock.now() - sentAt : null
  }
}
