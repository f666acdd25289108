/**
 * The options of a client in a browser, checked when they are given and before anything is done with them.
 */

import type { Duration } from '../../base/index.ts'
import {
  abortSignal,
  checked,
  flag,
  nested,
  type OptionTable,
  optionTable,
  orNull,
  timeLimit,
  wholeNumber,
} from '../../base/internal.ts'
import type { ChannelBounds, ChannelBoundsOptions } from '../../session/index.ts'
import { CHANNEL_BOUNDS } from '../../session/portable.ts'
import { terseReader } from './terse-reader.ts'

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
  readonly signal: AbortSignal | null
}

/** The settings under the names of their options. */
type NamedSettings = Omit<BrowserSettings, 'incoming' | 'outgoing'> & {
  readonly channels: Pick<BrowserSettings, 'incoming' | 'outgoing'>
}

/** Every option of a page's sessions: its default, and which values are valid. */
export const BROWSER_OPTIONS: OptionTable<NamedSettings> = optionTable<NamedSettings>({
  // The browser checks the names.
  protocols: checked<string[], string[]>([], (_act, names) => [...names]),
  connectTimeout: orNull(timeLimit(20_000)),
  closeTimeout: timeLimit(10_000),
  channels: nested(
    optionTable<NamedSettings['channels']>({
      incoming: nested(CHANNEL_BOUNDS),
      outgoing: nested(CHANNEL_BOUNDS),
    }),
  ),
  maxUnread: wholeNumber(16 * 1024 * 1024),
  webSocketStream: flag(true),
  signal: abortSignal(),
})

/** @throws {TypeError | RangeError} for an unknown option or an invalid value, naming the option. */
export function readBrowserOptions(options: BrowserClientOptions): BrowserSettings {
  const { channels, ...settings } = BROWSER_OPTIONS.read(terseReader, options)
  return { ...settings, ...channels }
}
