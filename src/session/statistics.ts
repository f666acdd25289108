/**
 * The counters of one session: what it has received and sent, and what waits in its queues.
 */

/** One number for each direction. */
export interface ByDirection<Value> {
  readonly incoming: Value
  readonly outgoing: Value
}

/** The frames that wait in one direction. */
export interface QueueStatistics {
  readonly frames: number
  /** Bytes that wait. For `outgoing` this is `bufferedAmount`, with the bytes of the transport. */
  readonly bytes: number
}

/**
 * The counters of a session at one moment. Times are those of the application's clock, in whole
 * milliseconds.
 */
export interface SessionStatistics {
  /** When the session began: see `Application.clock`. */
  readonly openedAt: number

  /** When bytes last arrived; `openedAt` if none has arrived. */
  readonly lastReceivedAt: number

  /**
   * Messages that have arrived, and messages that were given to the transport. Pings, pongs, Close
   * frames and heartbeats do not count. A fragmented message counts once, with its last fragment.
   */
  readonly messages: ByDirection<number>

  /** Bytes on the connection after the handshake: payloads, headers of frames, control frames. */
  readonly bytes: ByDirection<number>

  /** What waits: for the handler (`incoming`), and for the peer to read (`outgoing`). */
  readonly queued: ByDirection<QueueStatistics>
}

/** The two halves of a session, as its counters see them. */
export interface CountedHalves {
  readonly read: {
    /** Bytes that have arrived. */
    readonly received: number
    /** In whole milliseconds: another number would cost an object. `null`: never. */
    readonly receivedAt: number | null
    readonly receivedMessages: number
    readonly channel: { readonly size: number; readonly bytes: number }
  }
  readonly write: {
    readonly sentBytes: number
    readonly sentMessages: number
    readonly bufferedAmount: number
    /** `null`: nothing has ever had to wait. */
    readonly backlog: { readonly frames: number } | null
  }
}

/** Returns the counters of a session: a fresh copy. */
export function statisticsOf({ read, write }: CountedHalves, openedAt: number): SessionStatistics {
  const { channel } = read
  const { bufferedAmount, backlog } = write
  return {
    openedAt,
    lastReceivedAt: read.receivedAt ?? openedAt,
    messages: { incoming: read.receivedMessages, outgoing: write.sentMessages },
    bytes: { incoming: read.received, outgoing: write.sentBytes },
    queued: {
      incoming: { frames: channel.size, bytes: channel.bytes },
      outgoing: { frames: backlog?.frames ?? 0, bytes: bufferedAmount },
    },
  }
}
