/**
 * The options of a client in a browser, checked when they are given and before anything is done with them.
 */

import type { Duration } from '../../base/index.ts'
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
    /** Under `suspend` only `maxUnread` counts. */
    readonly incoming?: ChannelBoundsOptions
    /** The browser's own buffer may hold as many bytes again. */
    readonly outgoing?: ChannelBoundsOptions
  }

  /**
   * How much may lie unread in `incoming` under `suspend`, in bytes, a frame counting as 64 at least; a whole number
   * above 0. Past it the server is made to wait where the browser can, which is by `WebSocketStream`. `WebSocket`
   * cannot: there the session is failed with 4008 and `ChannelOverflowError`. It is more than elsewhere, because
   * browsers lose what they hold back when the connection ends (`MessagesLostError`).
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

const MIB = 1024 * 1024

/**
 * Reads options. Subprotocols are the browser's to check. (A page loads few bytes: the checks are those of other
 * platforms in fewer words.)
 *
 * @throws {TypeError | RangeError} for one that there is not, or that means nothing, naming it.
 */
export function readBrowserOptions({
  protocols = [],
  connectTimeout = 20_000,
  closeTimeout = 10_000,
  channels: { incoming, outgoing, ...otherChannels } = {},
  maxUnread = 16 * MIB,
  webSocketStream = true,
  signal,
  ...others
}: BrowserClientOptions): BrowserSettings {
  refuseAll({ ...others, ...otherChannels })
  return {
    protocols: [...protocols],
    connectTimeout:
      connectTimeout === null ? null : readMilliseconds('connectTimeout', connectTimeout),
    closeTimeout: readMilliseconds('closeTimeout', closeTimeout),
    incoming: readBounds(incoming),
    outgoing: readBounds(outgoing),
    maxUnread: readCount('maxUnread', maxUnread),
    webSocketStream,
    signal,
  }
}

function readBounds({
  capacity = 64,
  maxBytes = MIB,
  onOverflow = 'suspend',
  ...others
}: ChannelBoundsOptions = {}): ChannelBounds {
  refuseAll(others)
  if (!/^(suspend|close|drop-(old|lat)est)$/.test(onOverflow)) refuse('onOverflow', TypeError)
  return {
    capacity: readCount('capacity', capacity),
    maxBytes: readCount('maxBytes', maxBytes),
    onOverflow,
  }
}

/** A whole number above 0. */
export function readCount(name: string, value: number): number {
  return Number.isSafeInteger(value) && value > 0 ? value : refuse(name)
}

/** A duration above 0, in milliseconds. */
export function readMilliseconds(name: string, value: Duration): number {
  const fields = typeof value === 'number' ? { milliseconds: value } : value
  const { hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = fields
  const sum = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
  return sum > 0 && sum < Infinity ? sum : refuse(name)
}

/** What is left of options when all that there are have been taken out. */
export function refuseAll(others: object): void {
  for (const name in others) refuse(name, TypeError)
}

/** @throws {RangeError | TypeError} naming the option. */
export function refuse(name: string, type: new (message: string) => Error = RangeError): never {
  throw new type(`Cannot ${ACT}: option "${name}" is unknown or has a wrong value`)
}
