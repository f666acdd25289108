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

/** The counters of a session at one moment. Times are those of the application's clock. */
export interface SessionStatistics {
  /** When the session began, in milliseconds: see `Application.clock`. */
  readonly openedAt: number

  /** When bytes last arrived, in milliseconds; `openedAt` if none has arrived. */
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

/** What a session has received and sent. Both of its halves add to it. */
export class Traffic {
  /** See `SessionStatistics.openedAt`. */
  readonly openedAt: number
  receivedAt: number
  receivedMessages = 0
  sentMessages = 0
  sentBytes = 0

  /** @param now the time of the session's clock, in milliseconds. */
  constructor(now: number) {
    this.openedAt = now
    this.receivedAt = now
  }
}

/** The two halves of a session, as its counters see them. */
export interface CountedHalves {
  readonly read: {
    readonly traffic: Traffic
    /** Bytes that have arrived. */
    readonly received: number
    readonly channel: { readonly size: number; readonly bytes: number }
  }
  readonly write: {
    readonly bufferedAmount: number
    /** `null`: nothing has ever had to wait. */
    readonly backlog: { readonly frames: number } | null
  }
}

/** Returns the counters of a session: a fresh copy. */
export function statisticsOf({ read, write }: CountedHalves): SessionStatistics {
  const { traffic, received, channel } = read
  const { bufferedAmount, backlog } = write
  return {
    openedAt: traffic.openedAt,
    lastReceivedAt: traffic.receivedAt,
    messages: { incoming: traffic.receivedMessages, outgoing: traffic.sentMessages },
    bytes: { incoming: received, outgoing: traffic.sentBytes },
    queued: {
      incoming: { frames: channel.size, bytes: channel.bytes },
      outgoing: { frames: backlog?.frames ?? 0, bytes: bufferedAmount },
    },
  }
}
