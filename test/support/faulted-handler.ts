/**
 * The handler of a session that a fault will strike: a client brings it into any state by what it
 * says.
 */

import { CloseReason, type DefaultWebSocketServerSession, Frame } from '../../src/index.ts'
import { settled } from './memory-world.ts'

/** Two of them fill what the kernels of the engine in memory hold. */
const FLOOD_FRAME = new Uint8Array(64 * 1024)
/** A frame of the flood as it travels: header with a length of 64 bits, and payload. */
const FLOOD_FRAME_BYTES = 10 + FLOOD_FRAME.length

/** Handlers as people write them, by the text that asks for them. None of them receives. */
export const CARELESS: Readonly<
  Record<string, (session: DefaultWebSocketServerSession) => Promise<unknown>>
> = {
  'only waits for the end': ({ closed }) => closed,
  'only pushes': async ({ send }) => {
    for (;;) await send(FLOOD_FRAME)
  },
  'forgets its sends': ({ send, closed }) => {
    for (let sent = 0; sent < 200; sent++) void send(FLOOD_FRAME)
    return closed
  },
  'forgets its sends, and loops over them': async ({ send, flush, signal }) => {
    while (!signal.aborted) {
      void send(FLOOD_FRAME)
      await flush()
    }
  },
}

/**
 * Echoes, except for texts that contain "fill" (it sends as much as is taken without waiting),
 * "wait" (it sends one frame more, and waits for its room) or "close" (it closes with 4000), in
 * this order. The texts of `CARELESS` turn it into a handler that never receives again.
 */
export class FaultedHandler {
  /** Given to every wait. */
  readonly signal: AbortSignal = new AbortController().signal
  /** Resolves when nothing more is taken without waiting. */
  readonly filled: Promise<void>
  /** Resolves when the handler is done, in whatever way. */
  readonly returned: Promise<void>
  hasReturned = false
  #floodFrames = 0
  #setFilled: () => void = () => {}
  #setReturned: () => void = () => {}

  constructor() {
    this.filled = new Promise((resolve) => {
      this.#setFilled = resolve
    })
    this.returned = new Promise((resolve) => {
      this.#setReturned = resolve
    })
  }

  /** Bytes of the flood that were accepted, or wait to be, as they travel. */
  get floodBytes(): number {
    return this.#floodFrames * FLOOD_FRAME_BYTES
  }

  async serve(session: DefaultWebSocketServerSession): Promise<void> {
    const { incoming, send, close } = session
    const { signal } = this
    try {
      for (;;) {
        const frame = await incoming.receive({ signal })
        const text = frame instanceof Frame.Text ? frame.readText() : ''
        const careless = CARELESS[text]
        if (careless !== undefined) {
          await careless(session)
          return
        }
        if (text.includes('fill')) await this.#fill(session)
        if (text.includes('wait')) {
          this.#floodFrames++
          await send(FLOOD_FRAME, { signal })
        }
        if (text.includes('close')) void close(new CloseReason(4000))
        else if (!text.includes('fill')) await send(frame, { signal })
      }
    } finally {
      this.hasReturned = true
      this.#setReturned()
    }
  }

  /**
   * Until nothing has moved for two turns of the event loop: the systems at both ends are full too.
   */
  async #fill({ outgoing }: DefaultWebSocketServerSession): Promise<void> {
    for (let quietTurns = 0; quietTurns < 2; quietTurns++) {
      while (outgoing.trySend(FLOOD_FRAME) === 'sent') {
        this.#floodFrames++
        quietTurns = 0
      }
      await settled()
    }
    this.#setFilled()
  }
}
