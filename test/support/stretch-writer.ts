/**
 * A session that only serialises frames: for tests of what works with a stretch.
 */

import { encodedSizeBound } from '../../src/protocol/internal.ts'
import { type Stretch, stretchPoolOf, type StretchUser } from '../../src/session/writing/stretch.ts'
import { Gate } from './gate.ts'
import { memoryEnvironment } from './memory-world.ts'

/** Has a stretch from its first frame of a turn until the turn ends. */
export class Writer implements StretchUser {
  readonly transport: Gate
  sentBytes = 0
  masking: boolean
  stretch: Stretch | null = null
  /** Whether the transport has kept bytes; the test says when it has drained. */
  isBusy = false
  readonly #environment: ReturnType<typeof memoryEnvironment>

  constructor({ masking = false, environment = memoryEnvironment(), gate = new Gate() } = {}) {
    this.transport = gate
    this.masking = masking
    this.#environment = environment
  }

  get size(): number {
    return this.stretch?.size ?? 0
  }

  room(payload: string | Uint8Array): Stretch | null {
    return this.roomFor(encodedSizeBound(payload))
  }

  roomFor(bound: number): Stretch | null {
    if (this.isBusy) return null
    const stretch = this.begin()
    return stretch.makeRoom(bound, null) ? stretch : null
  }

  /** Returns the stretch of this turn. */
  begin(): Stretch {
    this.stretch ??= stretchPoolOf(this.#environment).begin(this)
    return this.stretch
  }

  turnEnded(): void {
    this.stretch = null
  }

  writeQueued(): void {
    this.isBusy = true
  }
}
