/**
 * The options of a client in a browser, checked before anything else happens.
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
 * The options of a page's connection and session. All are optional. There is no option for what
 * only the browser decides: headers (cookies are sent automatically), TLS, proxies, compression,
 * pings, frame sizes.
 */
export interface BrowserClientOptions {
  /**
   * Subprotocols to offer, in order of preference. `session.protocol` is the server's choice.
   *
   * @defaultValue none
   */
  readonly protocols?: readonly string[]

  /**
   * Time limit for opening the session: DNS, TCP, TLS and handshake together, because a browser
   * does not separate them. Above 0. When it passes, the call rejects with `ConnectError`. `null`:
   * the browser's limit.
   *
   * @defaultValue 20 seconds
   */
  readonly connectTimeout?: Duration | null

  /**
   * Deadline for the whole closing handshake; above 0. When it passes, the session ends, whatever
   * the browser still does with the connection.
   *
   * @defaultValue 10 seconds
   */
  readonly closeTimeout?: Duration

  /** The limits of both channels. Absent limits keep their defaults. */
  readonly channels?: {
    /** With `suspend`, only `maxUnread` applies. */
    readonly incoming?: ChannelBoundsOptions
    /** The browser's own buffer may hold the same number of bytes again. */
    readonly outgoing?: ChannelBoundsOptions
  }

  /**
   * The limit of unread bytes in `incoming` with `suspend`: a whole number above 0. Each frame
   * counts as at least 64 bytes. At the limit, `WebSocketStream` slows the server down. `WebSocket`
   * cannot: the session is closed with 4008 and fails with `ChannelOverflowError`. The default is
   * higher than on Node, because browsers drop what they hold back when the connection ends
   * (`MessagesLostError`).
   *
   * @defaultValue 16 MiB (16777216)
   */
  readonly maxUnread?: number

  /**
   * Whether to use `WebSocketStream` if the browser has it.
   *
   * @defaultValue true
   */
  readonly webSocketStream?: boolean

  /**
   * Aborts the connection. Before the session is open, the call rejects with the signal's reason
   * and everything is released. Later, the session is closed with 4001, its `incoming` ends at
   * once, and `webSocket()` rejects with the signal's reason.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal
}

/** Checked options. Times are in milliseconds, sizes in bytes. */
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

/** All options of a page's sessions: defaults and checks. */
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

/** Checks the options. @throws {TypeError | RangeError} for an unknown or invalid option. */
export function readBrowserOptions(options: BrowserClientOptions): BrowserSettings {
  const { channels, ...settings } = BROWSER_OPTIONS.read(terseReader, options)
  return { ...settings, ...channels }
}
