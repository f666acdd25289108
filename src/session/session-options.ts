/**
 * The options of a session, as applications and clients pass them, and the table of their rules.
 * Options are checked where they are passed, and override the settings that are in force there.
 */

import type { Duration } from '../base/index.ts'
import {
  choice,
  duration,
  flag,
  nested,
  optionReader,
  type OptionRule,
  type OptionTable,
  optionTable,
  orNull,
  type SettingsOf,
  timeLimit,
  wholeNumber,
  wholeOrInfinite,
} from '../base/internal.ts'
import type { OverflowPolicy } from '../channels/index.ts'
import { OVERFLOW_POLICIES } from '../channels/internal.ts'
import {
  CHANNEL_BOUND_RULES,
  CHANNEL_BOUNDS,
  type ChannelBounds,
  type ChannelBoundsOptions,
} from './channel-bounds.ts'
import { LatestBy } from './latest-by.ts'

/** The options of sessions, for the plugin, a scope of routes, a single route, or a client. */
export interface SessionOptions {
  /**
   * Time between two pings that this side sends; above 0. `null` turns pings off: only TCP then
   * finds a dead peer. The session shows it as `pingInterval`. Ktor: `pingPeriod`. RFC 6455 §5.5.2.
   *
   * @defaultValue null
   */
  readonly pingPeriod?: Duration | null

  /**
   * How long the peer may stay silent after a ping before the session fails with 1011; above 0.
   * Bytes that move towards the peer put the timeout off. It stands still while nothing is read.
   * Without pings it has no effect. Ktor: `timeout`.
   *
   * @defaultValue 15 seconds
   */
  readonly timeout?: Duration

  /**
   * Largest payload of one incoming frame, in bytes: a whole number above 0, or `Infinity` for no
   * limit. A larger frame fails the session with 1009 when its header arrives, before any payload
   * is kept. Ktor: `maxFrameSize`.
   *
   * @defaultValue Infinity; `maxMessageSize` protects memory
   */
  readonly maxFrameSize?: number

  /**
   * Largest incoming message, in bytes, after its fragments have been joined: a whole number above
   * 0, or `Infinity` for no limit. A larger message fails the session with 1009. Raw sessions do
   * not join fragments.
   *
   * @defaultValue 1 MiB (1048576)
   */
  readonly maxMessageSize?: number

  /**
   * Most fragments of one incoming message, including empty ones: a whole number above 0, or
   * `Infinity` for no limit. One more fragment fails the session with 1008.
   *
   * @defaultValue 65552 (65536 and 16)
   */
  readonly maxFragments?: number

  /**
   * Whether the frames that this side sends are masked. RFC 6455 §5.1 forbids it to servers; the
   * option is for tests of other implementations. Ktor: `masking`.
   *
   * @defaultValue false
   */
  readonly masking?: boolean

  /**
   * How long the end of a session may make no progress before the connection is dropped; above 0.
   * The time begins again, sixteen times at most, while the end makes progress: see
   * docs/closing.md.
   *
   * @defaultValue 10 seconds
   */
  readonly closeTimeout?: Duration

  /** The bounds of the two channels. An absent bound keeps its default. */
  readonly channels?: {
    readonly incoming?: ChannelBoundsOptions
    readonly outgoing?: OutgoingBoundsOptions
  }

  /**
   * Bytes that are still read while `incoming` is full, to find pings and Close frames: a whole
   * number, 0 or above. Beyond them reading stops, and TCP makes the peer wait. After half a second
   * the session reads on, up to `channels.incoming.maxBytes` (at least 64 KiB), to find the end of
   * the connection.
   *
   * @defaultValue 64 KiB (65536)
   */
  readonly readAhead?: number

  /**
   * Messages that the peer may send per second: a whole number above 0, or `Infinity` for no limit.
   * On raw sessions every frame except pings and pongs counts. `onRateLimit` decides what happens
   * above the limit.
   *
   * @defaultValue Infinity; the bounds of `incoming` slow down a peer that is faster than the
   *   handler
   */
  readonly maxMessagesPerSecond?: number

  /**
   * Bytes that the peer may send per second, as they travel (compressed, with headers): a whole
   * number above 0, or `Infinity` for no limit. `onRateLimit` decides what happens above the limit.
   *
   * @defaultValue Infinity
   */
  readonly maxBytesPerSecond?: number

  /**
   * Pings and pongs that the peer may send per second: a whole number above 0, or `Infinity` for no
   * limit. Above the limit the session fails with 1008: each ping costs an answer, and the handler
   * cannot slow pings down.
   *
   * @defaultValue 1000
   */
  readonly maxControlFramesPerSecond?: number

  /**
   * Burst allowance of the three rates, as a time; above 0. Each token bucket holds the tokens of
   * this much time. After a silence a burst may be twice as large.
   *
   * @defaultValue 1 second
   */
  readonly rateBurst?: Duration

  /**
   * What happens above `maxMessagesPerSecond` or `maxBytesPerSecond`. `wait` stops reading until
   * the rate is met again, so that TCP slows the peer down. Pings and Close frames of the peer then
   * wait too, our ping timeout stands still, and no frame is lost. `close` fails the session with
   * 1008.
   *
   * @defaultValue 'wait'
   */
  readonly onRateLimit?: 'wait' | 'close'

  /**
   * How long a write may make no progress because the peer does not read; above 0. After that the
   * connection is dropped (1006: a peer that does not read cannot be told), and `incoming` fails
   * with `SessionTimeoutError`. `null`: no limit.
   *
   * @defaultValue 30 seconds
   */
  readonly writeTimeout?: Duration | null

  /**
   * How long no byte may move in either direction before the session closes with 1001 `Idle
   * timeout`; above 0. Our pings do not count, but the pongs do, so with a shorter `pingPeriod`
   * only a dead peer reaches this limit. The time stands still while a slow handler or a rate holds
   * the peer back. `null`: no limit.
   *
   * @defaultValue null
   */
  readonly idleTimeout?: Duration | null

  /**
   * How long a session may live before it closes with 1001 `Session expired`; above 0. `null`: no
   * limit.
   *
   * @defaultValue null
   */
  readonly maxSessionDuration?: Duration | null

  /**
   * Whether the session answers the heartbeat of clients that cannot see pings: text messages that
   * are exactly U+0000, `towpath:ping:` and a number of 1 to 9 digits. The handler does not receive
   * such messages, and they count as control frames (`maxControlFramesPerSecond`). Raw sessions
   * always receive them.
   *
   * @defaultValue true; it has no cost until a client asks
   */
  readonly answerHeartbeats?: boolean
}

/** How much `outgoing` may hold, and what happens when it is full. */
export interface OutgoingBoundsOptions extends Omit<ChannelBoundsOptions, 'onOverflow'> {
  /**
   * The policies of both channels, and `latestBy(key)`: a newer frame replaces the waiting frame
   * with the same key.
   */
  readonly onOverflow?: OverflowPolicy | LatestBy
}

/** The bounds of `outgoing`: `OutgoingBoundsOptions` with every value. */
export interface OutgoingBounds extends Omit<ChannelBounds, 'onOverflow'> {
  readonly onOverflow: OverflowPolicy | LatestBy
}

/** `SessionOptions.channels` with every value. */
interface SessionChannels {
  readonly incoming: ChannelBounds
  readonly outgoing: OutgoingBounds
}

/** The settings, named like their options. */
type NamedSettings = SettingsOf<SessionOptions, { channels: SessionChannels }>

/**
 * The settings of all sessions of a route: `SessionOptions` with every value, in milliseconds and
 * bytes. The bounds of the channels are not nested, because each send reads them. `pingInterval`
 * has the same name as on the session.
 */
export interface RouteSettings
  extends Omit<NamedSettings, 'channels' | 'pingPeriod'>, SessionChannels {
  readonly pingInterval: number | null
}

const KIB = 1024

const OUTGOING_BOUNDS = optionTable<OutgoingBounds>({
  ...CHANNEL_BOUND_RULES,
  onOverflow: policyOrLatestBy('suspend'),
})

/** Every option of a session: its default and its valid values. */
export const SESSION_OPTIONS: OptionTable<NamedSettings> = optionTable<NamedSettings>({
  pingPeriod: orNull(timeLimit(20_000), null),
  timeout: timeLimit(15_000),
  maxFrameSize: wholeOrInfinite(Infinity),
  maxMessageSize: wholeOrInfinite(KIB * KIB),
  // The largest cases of the conformance suite have 65,536 fragments of data and a few empty ones.
  maxFragments: wholeOrInfinite(65_536 + 16),
  masking: flag(false),
  closeTimeout: timeLimit(10_000),
  channels: nested(
    optionTable<SessionChannels>({
      incoming: nested(CHANNEL_BOUNDS),
      outgoing: nested(OUTGOING_BOUNDS),
    }),
  ),
  readAhead: wholeNumber(64 * KIB, 0),
  maxMessagesPerSecond: wholeOrInfinite(Infinity),
  maxBytesPerSecond: wholeOrInfinite(Infinity),
  maxControlFramesPerSecond: wholeOrInfinite(1000),
  rateBurst: duration(1000),
  onRateLimit: choice('wait', ['wait', 'close']),
  writeTimeout: orNull(timeLimit(30_000)),
  idleTimeout: orNull(timeLimit(60_000), null),
  maxSessionDuration: orNull(timeLimit(60_000), null),
  answerHeartbeats: flag(true),
})

/** The settings if no option is passed. */
export const DEFAULT_SETTINGS: RouteSettings = toRouteSettings(SESSION_OPTIONS.defaults)

/**
 * Returns `settings` with the values of `options`. The caller checks for unknown names.
 *
 * @param act the action for error messages: `install WebSockets`.
 * @throws {TypeError | RangeError} for an invalid value. The message names the option and the
 *   expected values.
 */
export function applySessionOptions(
  act: string,
  settings: RouteSettings,
  options: SessionOptions,
): RouteSettings {
  const { pingInterval: pingPeriod, incoming, outgoing, ...rest } = settings
  const named = { ...rest, pingPeriod, channels: { incoming, outgoing } }
  return toRouteSettings(SESSION_OPTIONS.lay(optionReader(act), options, named))
}

function toRouteSettings({ pingPeriod, channels, ...rest }: NamedSettings): RouteSettings {
  return { ...rest, ...channels, pingInterval: pingPeriod }
}

function policyOrLatestBy(fallback: OverflowPolicy): OptionRule<OverflowPolicy | LatestBy> {
  return {
    fallback,
    read: (reader, name, value) =>
      value instanceof LatestBy
        ? value
        : reader.choice(name, value, OVERFLOW_POLICIES, 'latestBy(key)'),
  }
}
