/**
 * The options of a session, as applications and clients give them, and their table. Options are
 * checked where they are given, and laid over the settings in force there.
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

/** What the plugin, a scope of routes, a single route and a client may say about their sessions. */
export interface SessionOptions {
  /**
   * Time between two pings that we send; above 0. `null` turns pings off: a dead peer is then found by TCP
   * alone. Live on the session as `pingInterval`. Ktor: `pingPeriod`. RFC 6455 §5.5.2.
   *
   * @defaultValue null
   */
  readonly pingPeriod?: Duration | null

  /**
   * How long the peer may stay silent after a ping before the session is failed with 1011; above 0. Bytes that
   * move towards the peer put it off. It does not run while nothing is read. Without pings it has no effect.
   * Ktor: `timeout`.
   *
   * @defaultValue 15 seconds
   */
  readonly timeout?: Duration

  /**
   * Largest payload of one incoming frame, in bytes: a whole number above 0, or `Infinity` for no limit. A
   * larger one fails the session with 1009, from its header, before any of it is kept. Ktor: `maxFrameSize`.
   *
   * @defaultValue Infinity; `maxMessageSize` protects memory
   */
  readonly maxFrameSize?: number

  /**
   * Largest incoming message, in bytes, put together from its fragments: a whole number above 0, or
   * `Infinity` for no limit. A larger one fails the session with 1009. Raw sessions do not put messages together.
   *
   * @defaultValue 1 MiB (1048576)
   */
  readonly maxMessageSize?: number

  /**
   * Most fragments of one incoming message, empty ones included: a whole number above 0, or `Infinity` for
   * no limit. One more fails the session with 1008.
   *
   * @defaultValue 65552 (65536 and 16)
   */
  readonly maxFragments?: number

  /**
   * Whether frames that we send are masked. RFC 6455 §5.1 forbids it to servers; for tests of other
   * implementations. Ktor: `masking`.
   *
   * @defaultValue false
   */
  readonly masking?: boolean

  /**
   * How long the ending of a session may stand still before the connection is dropped; above 0. It begins again,
   * sixteen times at most, while the ending gets on: see docs/closing.md.
   *
   * @defaultValue 10 seconds
   */
  readonly closeTimeout?: Duration

  /** The bounds of the two channels; what is absent keeps its default. */
  readonly channels?: {
    readonly incoming?: ChannelBoundsOptions
    readonly outgoing?: OutgoingBoundsOptions
  }

  /**
   * Bytes that are still read past a full `incoming`, to find pings and Close frames there: a whole number,
   * 0 or above. Beyond them reading stops, and TCP makes the peer wait. After half a second the session reads on up
   * to `channels.incoming.maxBytes`, 64 KiB at least, to find the end of the peer.
   *
   * @defaultValue 64 KiB (65536)
   */
  readonly readAhead?: number

  /**
   * Messages that the peer may send per second, on raw sessions frames that are not pings or pongs: a whole
   * number above 0, or `Infinity` for any number. What happens past it says `onRateLimit`.
   *
   * @defaultValue Infinity; the bounds of `incoming` make a peer wait that is faster than the handler
   */
  readonly maxMessagesPerSecond?: number

  /**
   * Bytes that the peer may send per second, as they travel (headers included, compressed): a whole number above 0,
   * or `Infinity` for any number. What happens past it says `onRateLimit`.
   *
   * @defaultValue Infinity
   */
  readonly maxBytesPerSecond?: number

  /**
   * Pings and pongs that the peer may send per second: a whole number above 0, or `Infinity` for any number.
   * Past it the session is failed with 1008: each ping costs an answer, and the handler cannot slow them down.
   *
   * @defaultValue 1000
   */
  readonly maxControlFramesPerSecond?: number

  /**
   * How much time's worth of the three rates may come at once: a token bucket of that size; above 0. After
   * a silence it may be twice as much.
   *
   * @defaultValue 1 second
   */
  readonly rateBurst?: Duration

  /**
   * What happens past `maxMessagesPerSecond` or `maxBytesPerSecond`: `wait` stops reading until the rate is
   * met again, so that TCP slows the peer down (its pings and its Close wait too, and our ping timeout stands
   * still); `close` fails the session with 1008. Nothing that has arrived is lost under `wait`.
   *
   * @defaultValue 'wait'
   */
  readonly onRateLimit?: 'wait' | 'close'

  /**
   * How long what is sent may stand still because the peer does not read; above 0. Past it the connection is
   * dropped (1006: a peer that does not read cannot be told), and `incoming` fails with `SessionTimeoutError`.
   * `null`: for ever.
   *
   * @defaultValue 30 seconds
   */
  readonly writeTimeout?: Duration | null

  /**
   * How long no byte may move in either direction before the session is closed with 1001 `Idle timeout`; above 0.
   * Our pings do not count, but the pongs do, so with a shorter `pingPeriod` only a dead peer reaches this limit.
   * It stands still while the peer is held back by a slow handler or a rate. `null`: for ever.
   *
   * @defaultValue null
   */
  readonly idleTimeout?: Duration | null

  /**
   * How long a session may live, before it is closed with 1001 `Session expired`; above 0. `null`: for ever.
   *
   * @defaultValue null
   */
  readonly maxSessionDuration?: Duration | null

  /**
   * Whether the heartbeat of clients that cannot see pings is answered: text messages that are exactly U+0000,
   * `towpath:ping:` and a number of 1 to 9 digits. They are then never shown to a handler, and count as control frames
   * (`maxControlFramesPerSecond`). Raw sessions show them whatever this says.
   *
   * @defaultValue true: it costs nothing until a client asks
   */
  readonly answerHeartbeats?: boolean
}

/** How much `outgoing` may hold, and what happens when it is full. */
export interface OutgoingBoundsOptions extends Omit<ChannelBoundsOptions, 'onOverflow'> {
  /** As for both channels; beside it `latestBy(key)`, where a newer frame replaces the one with its key. */
  readonly onOverflow?: OverflowPolicy | LatestBy
}

/** The bound of `outgoing`: `OutgoingBoundsOptions`, complete. */
export interface OutgoingBounds extends Omit<ChannelBounds, 'onOverflow'> {
  readonly onOverflow: OverflowPolicy | LatestBy
}

/** `SessionOptions.channels`, complete. */
interface SessionChannels {
  readonly incoming: ChannelBounds
  readonly outgoing: OutgoingBounds
}

/** The settings under the names of their options. */
type NamedSettings = SettingsOf<SessionOptions, { channels: SessionChannels }>

/**
 * The settings that hold for every session of a route: `SessionOptions` with every value, in
 * milliseconds and bytes. The bounds of the channels stand beside the rest, because each send looks
 * at them. `pingInterval` is named as on the session.
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

/** Every option of a session: its default, and which values are valid. */
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

/** The settings without any options. */
export const DEFAULT_SETTINGS: RouteSettings = toRouteSettings(SESSION_OPTIONS.defaults)

/**
 * Lays `options` over `settings`. Names that are no session options are the caller's to check.
 *
 * @param act what is being done, for messages: `install WebSockets`.
 * @throws {TypeError | RangeError} for an invalid value, naming the option and what is expected.
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
