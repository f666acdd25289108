/**
 * Limits how much a peer may make us inflate beyond the allowed ratio.
 *
 * A megabyte of blanks is harmless and arrives in a kilobyte, so small messages are inflated at any
 * ratio. A peer that sends only such messages would use up a core with 300 KB a second. Bytes that
 * are inflated beyond `maxRatio` are therefore added up, and given back over time.
 */

import type { ExtensionContext } from './extension.ts'
import { CompressionRatioError } from './errors.ts'

/** How many bytes beyond the ratio may be inflated at once. */
const BURST_BYTES = 32 * 1024 * 1024

/** How many of them are given back each second: inflating that much takes some 3 % of a core. */
const BYTES_PER_SECOND = 8 * 1024 * 1024

/** The allowance of one session. Created for the first message beyond the ratio. */
export class InflationAllowance {
  readonly #context: ExtensionContext
  #used = 0
  #timer: Disposable | null = null

  constructor(context: ExtensionContext) {
    this.#context = context
  }

  /**
   * Charges `excess` bytes beyond the ratio.
   *
   * @throws {CompressionRatioError} when it is too much in too short a time.
   */
  charge(excess: number, size: number, maxRatio: number): void {
    this.#used += excess
    if (this.#used > BURST_BYTES) throw new CompressionRatioError(size, maxRatio)
    this.#timer ??= this.#context.schedule(1000, () => this.#giveBack())
  }

  dispose(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }

  #giveBack(): void {
    this.#timer = null
    this.#used = Math.max(0, this.#used - BYTES_PER_SECOND)
    if (this.#used > 0) this.#timer = this.#context.schedule(1000, () => this.#giveBack())
  }
}
