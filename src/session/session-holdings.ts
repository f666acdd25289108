/**
 * What a session keeps in memory, by direction, and how much has moved: what a memory budget asks.
 */

/** Bytes of one session at one moment. */
export interface SessionHoldings {
  /** What has arrived and has not been received by the handler. */
  readonly incoming: number
  /** What has been accepted and not yet handed to the operating system. */
  readonly outgoing: number
  /** Rises by each byte that arrives. */
  readonly received: number
  /** Rises by each byte of `outgoing` that the operating system takes, and by 2^32 when it has taken all. */
  readonly handed: number
}
