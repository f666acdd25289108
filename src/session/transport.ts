/**
 * The interface between a session and the connection that carries its bytes.
 *
 * The session owns this interface, and engines implement it (Node streams, the TCP handle, memory).
 * All calls, in both directions, are made on one thread. A call is never made inside another call,
 * except where a comment says so.
 */

/**
 * The address of one end. Both fields are `null` if the connection has no addresses (a Unix socket,
 * memory).
 */
export interface TransportAddress {
  readonly host: string | null
  readonly port: number | null
}

/**
 * The outcome of a `write`:
 * - `taken`: the operating system has all bytes. The caller may reuse the memory at once.
 * - `queued`: the transport keeps the memory until it calls `drained`. The memory must not change.
 */
export type WriteOutcome = 'taken' | 'queued'

/** The side of a session that a transport calls. */
export interface TransportReceiver {
  /**
   * Bytes have arrived, in order. The memory is lent: it may be overwritten once this call returns.
   * The receiver may call `write`, `pause`, `end` and `abort` of the transport before it returns.
   * It never throws. After `pause()` a transport may still deliver, once, bytes that it had read.
   */
  receive(bytes: Uint8Array): void

  /** The transport, which is paused, keeps `bytes` more in memory. See `unreadBytes`. */
  unread(bytes: number): void

  /** The peer will send nothing more (FIN). Not called after `closed`. */
  receiveEnd(): void

  /** The operating system has everything that was `queued`. */
  drained(): void

  /**
   * The transport is gone, in both directions. This is the last call. It is made exactly once, in
   * every outcome, also after `abort()`. `cause` is the failure that ended the transport; `null`
   * for an orderly end.
   */
  closed(cause: Error | null): void
}

/**
 * Carries the bytes of one connection, in order, both ways. No member is optional, so that a
 * transport that wraps another cannot forget one.
 */
export interface Transport {
  readonly local: TransportAddress
  readonly remote: TransportAddress

  /** Whether the connection is encrypted (TLS). */
  readonly encrypted: boolean

  /** Bytes that were `queued` and that the operating system does not have yet. */
  readonly queuedBytes: number

  /**
   * Whether the transport is one of several streams of a connection. Its end then costs neither
   * side a port, so a client need not wait until the server has ended first (RFC 6455 §7.1.1).
   */
  readonly isShared: boolean

  /**
   * The memory of bytes that arrived while the transport was paused. 0 if it keeps none, or if the
   * operating system keeps them.
   */
  readonly unreadBytes: number

  /** The total of bytes passed to `write`. May be 0 once the transport is gone. */
  readonly bytesWritten: number

  /**
   * Begins to deliver to `receiver`. Called once. Bytes that arrived earlier are delivered first,
   * but not before this call returns.
   */
  start(receiver: TransportReceiver): void

  /**
   * Sends `bytes` (never empty). After `end` it does nothing and returns `taken`. Once the
   * transport has failed or was aborted, it does nothing and returns `queued`: the transport then
   * calls `closed` instead of `drained`.
   */
  write(bytes: Uint8Array): WriteOutcome

  /** Stops reading, so that TCP makes the peer stop sending. Idempotent. */
  pause(): void

  /** Reads again. Idempotent. */
  resume(): void

  /**
   * Checks whether the connection has been reset, which a paused transport may not notice. If so,
   * `closed` follows. Does nothing if the transport always notices a reset, or cannot check.
   */
  probe(): void

  /**
   * Closes this side's direction (FIN) once everything queued has gone out. Reading continues, also
   * after `pause`. Idempotent.
   *
   * @param isFinal whether both Close frames have been sent, so that nothing more of the peer is
   *   awaited. A transport that shares its connection with others may then let go at once.
   */
  end(isFinal?: boolean): void

  /**
   * Drops the connection and everything queued at once. `closed` follows, but not before this call
   * returns. Idempotent.
   */
  abort(): void
}
