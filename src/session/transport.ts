/**
 * The narrow waist between a session and whatever carries its bytes.
 *
 * The session owns this interface and engines implement it (Node streams, the TCP handle, memory).
 * All calls, in both directions, are made from one thread, and never from inside one another except
 * where a comment says so.
 */

/**
 * An address of one end; `null` in both fields where the carrier has none (a Unix socket, memory).
 */
export interface TransportAddress {
  readonly host: string | null
  readonly port: number | null
}

/**
 * What became of the bytes of a `write`:
 * - `taken`: the operating system has them all; the caller may reuse the memory at once.
 * - `queued`: the transport keeps the memory, which nobody may change any more, until it calls `drained`.
 */
export type WriteOutcome = 'taken' | 'queued'

/** The side of a session that a transport calls. */
export interface TransportReceiver {
  /**
   * Bytes that arrived, in order. They are lent: they may be overwritten once this call returns.
   * May call `write`, `pause`, `end` and `abort` of the transport before it returns; never throws.
   * After `pause()` a transport may still deliver bytes that it had already read, once.
   */
  receive(bytes: Uint8Array): void

  /** The peer will send nothing more (FIN). Not called after `closed`. */
  receiveEnd(): void

  /** Everything that was answered `queued` has been handed to the operating system. */
  drained(): void

  /**
   * The transport is gone, in both directions: the last call of all, made exactly once, in every
   * outcome; after `abort()` too. `cause` is the failure that ended it, `null` for an orderly end.
   */
  closed(cause: Error | null): void
}

/** Carries the bytes of one connection, in order, both ways. */
export interface Transport {
  readonly local: TransportAddress
  readonly remote: TransportAddress

  /** Whether the bytes are encrypted on the way (TLS). */
  readonly encrypted: boolean

  /** Bytes answered `queued` and not yet handed to the operating system. */
  readonly queuedBytes: number

  /** Bytes given to `write` so far. May be 0 once the transport is gone. */
  readonly bytesWritten: number

  /**
   * Begins to deliver to `receiver`; called once. Bytes that arrived earlier are delivered first,
   * never before this call returns.
   */
  start(receiver: TransportReceiver): void

  /**
   * Sends `bytes` (never empty). After `end` it does nothing and answers `taken`. Once the
   * transport has failed or was aborted it does nothing and answers `queued`, for good: `closed`
   * comes in the place of `drained`.
   */
  write(bytes: Uint8Array): WriteOutcome

  /** Stops reading, so that the peer's own sending comes to a halt. Idempotent. */
  pause(): void

  /** Reads again. Idempotent. */
  resume(): void

  /**
   * Finds out whether the connection has been reset, although it is not read: if so, `closed`
   * follows. Does nothing where the transport notices that by itself, or cannot.
   */
  probe(): void

  /**
   * Closes our direction once everything queued has gone out (FIN). Reading goes on, after `pause`
   * too. Idempotent.
   *
   * @param isFinal whether both Close frames have been sent, so that nothing more of the peer is
   *   awaited. A transport that shares its connection with others may then let go at once.
   */
  end(isFinal?: boolean): void

  /**
   * Drops the connection at once, whatever is queued; `closed` follows, never before this call
   * returns. Idempotent.
   */
  abort(): void
}
