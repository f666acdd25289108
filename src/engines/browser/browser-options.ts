/**
 * The options of a client in a browser, checked when they are given and before anything is done with them.
 */

import type { Duration } from '../../base/index.ts'
import {
  readDuration,
  readPeriod,
  readWholeNumber,
  requireKnownNames,
} from '../../base/internal.ts'
import type { ChannelBounds, ChannelBoundsOptions } from '../../session/index.ts'

/**
 * How a page connects, and what its session is like. All of it is optional. What a browser decides alone has no
 * option: headers (cookies go along by themselves), TLS, proxies, compression, pings, sizes of frames.
 */
export interface BrowserClientOptions {
  /**
   * Subprotocols to offer, in order of preference; `session.protocol` says which the server chose.
   *
   * @defaultValue none
   */
  readonly protocols?: readonly string[]

  /**
   * How long it may take until the session is open, for name, TCP, TLS and handshake together: a browser does not
   * tell them apart. Above 0. Then the call rejects with `ConnectError`. `null`: as long as the browser tries.
   *
   * @defaultValue 20 seconds
   */
  readonly connectTimeout?: Duration | null

  /**
   * One absolute deadline for the whole closing handshake, after which the session is over, whatever the browser
   * still does about it; above 0.
   *
   * @defaultValue 10 seconds
   */
  readonly closeTimeout?: Duration

  /** The bounds of the two channels; what is absent keeps its default. */
  readonly channels?: {
    /** `suspend` makes the server wait where the browser can, which is by `WebSocketStream`; see `maxUnread`. */
    readonly incoming?: ChannelBoundsOptions
    /** The browser's own buffer may hold as many bytes again. */
    readonly outgoing?: ChannelBoundsOptions
  }

  /**
   * What a full `incoming` may still take under `suspend` where the browser has no `WebSocketStream`: `WebSocket`
   * cannot make a server wait. In bytes, in place of the bounds of `incoming`, a frame counting as 64 at least; a
   * whole number above 0. Past it the session is failed with 4008 and `ChannelOverflowError`.
   *
   * @defaultValue 16 MiB (16777216)
   */
  readonly maxUnread?: number

  /**
   * Whether `WebSocketStream` is used where the browser has it.
   *
   * @defaultValue true
   */
  readonly webSocketStream?: boolean

  /**
   * Ends it all when it fires. Before the session is open, the call rejects with the signal's reason, and nothing is
   * left behind. After that the session is closed with 4001, its `incoming` ends at once, and `webSocket()` rejects
   * with the signal's reason.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal
}

/** Options that have been read. Times are in milliseconds, sizes in bytes. */
export interface BrowserSettings {
  readonly protocols: string[]
  /** `null`: no limit. */
  readonly connectTimeout: number | null
  readonly closeTimeout: number
  readonly incoming: ChannelBounds
  readonly outgoing: ChannelBounds
  readonly maxUnread: number
  readonly webSocketStream: boolean
  readonly signal: AbortSignal | undefined
}

/** What is being done, for messages. */
export const ACT = 'open WebSocket'

const NAMES: readonly string[] = [
  'protocols',
  'connectTimeout',
  'closeTimeout',
  'channels',
  'maxUnread',
  'webSocketStream',
  'signal',
] satisfies Array<keyof BrowserClientOptions>

const MIB = 1024 * 1024

/**
 * Reads options. Subprotocols are the browser's to check.
 *
 * @throws {TypeError | RangeError} for one that there is not, or that means nothing, naming it.
 */
export function readBrowserOptions(options: BrowserClientOptions): BrowserSettings {
  requireKnownNames(ACT, options, NAMES)
  const { protocols = [], channels = {}, webSocketStream = true, signal } = options
  requireKnownNames(ACT, channels, ['incoming', 'outgoing'], 'channels.')
  return {
    protocols: [...protocols],
    connectTimeout: readPeriod(ACT, 'connectTimeout', options.connectTimeout, 20_000),
    closeTimeout: readDuration(ACT, 'closeTimeout', options.closeTimeout, 10_000),
    incoming: readBounds('channels.incoming.', channels.incoming),
    outgoing: readBounds('channels.outgoing.', channels.outgoing),
    maxUnread: readWholeNumber(ACT, 'maxUnread', options.maxUnread, 16 * MIB, { min: 1 }),
    webSocketStream,
    signal,
  }
}

/** The policy is the channel's to check. */
function readBounds(prefix: string, options: ChannelBoundsOptions = {}): ChannelBounds {
  requireKnownNames(ACT, options, ['capacity', 'maxBytes', 'onOverflow'], prefix)
  const { capacity, maxBytes, onOverflow = 'suspend' } = options
  return {
    capacity: readWholeNumber(ACT, `${prefix}capacity`, capacity, 64, { min: 1 }),
    maxBytes: readWholeNumber(ACT, `${prefix}maxBytes`, maxBytes, MIB, { min: 1 }),
    onOverflow,
  }
}
