/**
 * The memory that publishes under way may take, over all topics of a node.
 *
 * Each client has a limit of its own. While a broker is slow or silent, many clients could still
 * fill the memory together.
 */

/** 64 MiB by default. */
export const PUBLISH_BUDGET_BYTES: number = 64 * 1024 * 1024
/** What a publish takes beside its message, at least. */
const ENTRY_COST_BYTES = 64

/** The publishes of one node that wait for the broker, or for its answer. */
export class PublishBudget {
  readonly #limit: number
  #bytes = 0

  constructor(limit: number = PUBLISH_BUDGET_BYTES) {
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes room for one publish. A message that is larger than the limit has room when it is alone.
   *
   * @returns `false` if there is not enough.
   */
  take(messageBytes: number): boolean {
    const bytes = this.#bytes + messageBytes + ENTRY_COST_BYTES
    if (bytes > this.#limit && this.#bytes > 0) return false
    this.#bytes = bytes
    return true
  }

  /** Gives the room of one publish back. */
  giveBack(messageBytes: number): void {
    this.#bytes -= messageBytes + ENTRY_COST_BYTES
  }
}
