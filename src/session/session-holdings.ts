/**
 * The memory of one session by direction, and the bytes that have moved, for the memory budget.
 */

/** The bytes of one session at one moment. */
export interface SessionHoldings {
  /** Bytes that have arrived and that the handler has not received. */
  readonly incoming: number
  /** Bytes that were accepted and that the operating system does not have yet. */
  readonly outgoing: number
  /** Rises by one for each byte that arrives. */
  readonly received: number
  /**
   * Rises by one for each byte of `outgoing` that the operating system takes, and by 2^32 when the
   * operating system has taken all of them.
   */
  readonly handed: number
}
