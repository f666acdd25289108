/**
 * The options of a session, as an application or a client gives them, and how they become the settings of one:
 * checked where they are given, laid over what is in force there.
 */

import type { Duration } from '../base/index.ts'
import {
  readChoice,
  readDuration,
  readOptionalTimeLimit,
  readTimeLimit,
  readSwitch,
  readWholeNumber,
  requireKnownNames,
  requireObject,
  WHOLE_OR_INFINITE,
} from '../base/internal.ts'
import { LatestBy } from './latest-by.ts'
import type { ChannelBounds, OverflowPolicy, SessionSettings } from './settings.ts'

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

/** How much one channel of a session may hold, and what happens when it is full. */
export interface ChannelBoundsOptions {
  /** Frames: a whole number above 0. @defaultValue 64 */
  readonly capacity?: number
  /** Payload bytes: a whole number above 0. One larger frame still passes, alone. @defaultValue 1 MiB */
  readonly maxBytes?: number
  /**
   * When full: `suspend` makes the sender wait (for `incoming` that is the peer, through TCP), `close` fails
   * the session with 1008, `drop-oldest` and `drop-latest` lose a frame and say so to `monitor`.
   *
   * @defaultValue 'suspend'
   */
  readonly onOverflow?: OverflowPolicy
}

/** How much `outgoing` may hold, and what happens when it is full. */
export interface OutgoingBoundsOptions extends Omit<ChannelBoundsOptions, 'onOverflow'> {
  /** As for both channels; beside it `latestBy(key)`, where a newer frame replaces the one with its key. */
  readonly onOverflow?: OverflowPolicy | LatestBy
}

/** The settings that hold for every session of a route; the rest of `SessionSettings` is each session's own. */
export type RouteSettings = Omit<SessionSettings, 'role' | 'id' | 'protocol'>

const KIB = 1024
const DEFAULT_BOUNDS: ChannelBounds = { capacity: 64, maxBytes: KIB * KIB, onOverflow: 'suspend' }

/** What holds when nobody says anything. */
export const DEFAULT_SETTINGS: RouteSettings = {
  pingInterval: null,
  timeout: 15_000,
  closeTimeout: 10_000,
  maxFrameSize: Infinity,
  maxMessageSize: KIB * KIB,
  // What the conformance suite's largest cases need: 65 536 fragments of data and a few empty ones.
  maxFragments: 65_536 + 16,
  masking: false,
  incoming: DEFAULT_BOUNDS,
  outgoing: DEFAULT_BOUNDS,
  readAhead: 64 * KIB,
  maxMessagesPerSecond: Infinity,
  maxBytesPerSecond: Infinity,
  maxControlFramesPerSecond: 1000,
  rateBurst: 1_000,
  onRateLimit: 'wait',
  writeTimeout: 30_000,
  idleTimeout: null,
  maxSessionDuration: null,
  answerHeartbeats: true,
}

/** The names of `SessionOptions`. */
export const SESSION_OPTION_NAMES: readonly string[] = [
  'pingPeriod',
  'timeout',
  'maxFrameSize',
  'maxMessageSize',
  'maxFragments',
  'masking',
  'closeTimeout',
  'channels',
  'readAhead',
  'maxMessagesPerSecond',
  'maxBytesPerSecond',
  'maxControlFramesPerSecond',
  'rateBurst',
  'onRateLimit',
  'writeTimeout',
  'idleTimeout',
  'maxSessionDuration',
  'answerHeartbeats',
] satisfies Array<keyof SessionOptions>

const BOUND_NAMES: readonly string[] = ['capacity', 'maxBytes', 'onOverflow'] satisfies Array<
  keyof ChannelBoundsOptions
>
const OVERFLOW_POLICIES: readonly string[] = [
  'suspend',
  'close',
  'drop-oldest',
  'drop-latest',
] satisfies OverflowPolicy[]

/**
 * Lays `options` over `settings`. Names that are no session options are the caller's to check.
 *
 * @param act what is being done, for messages: `install WebSockets`.
 * @throws {TypeError | RangeError} for a value that means nothing, naming the option and what it may be.
 */
export function applySessionOptions(
  act: string,
  settings: RouteSettings,
  options: SessionOptions,
): RouteSettings {
  const { pingPeriod, timeout, maxFrameSize, maxMessageSize, maxFragments } = options
  const { masking, closeTimeout, channels, readAhead } = options
  const limit = WHOLE_OR_INFINITE
  return {
    pingInterval: readOptionalTimeLimit(act, 'pingPeriod', pingPeriod, settings.pingInterval),
    timeout: readTimeLimit(act, 'timeout', timeout, settings.timeout),
    closeTimeout: readTimeLimit(act, 'closeTimeout', closeTimeout, settings.closeTimeout),
    maxFrameSize: readWholeNumber(act, 'maxFrameSize', maxFrameSize, settings.maxFrameSize, limit),
    maxMessageSize: readWholeNumber(
      act,
      'maxMessageSize',
      maxMessageSize,
      settings.maxMessageSize,
      limit,
    ),
    maxFragments: readWholeNumber(act, 'maxFragments', maxFragments, settings.maxFragments, limit),
    masking: readSwitch(act, 'masking', masking, settings.masking),
    ...applyChannels(act, settings, channels),
    readAhead: readWholeNumber(act, 'readAhead', readAhead, settings.readAhead, { min: 0 }),
    ...applyRates(act, settings, options),
    writeTimeout: readOptionalTimeLimit(
      act,
      'writeTimeout',
      options.writeTimeout,
      settings.writeTimeout,
    ),
    idleTimeout: readOptionalTimeLimit(
      act,
      'idleTimeout',
      options.idleTimeout,
      settings.idleTimeout,
    ),
    maxSessionDuration: readOptionalTimeLimit(
      act,
      'maxSessionDuration',
      options.maxSessionDuration,
      settings.maxSessionDuration,
    ),
    answerHeartbeats: readSwitch(
      act,
      'answerHeartbeats',
      options.answerHeartbeats,
      settings.answerHeartbeats,
    ),
  }
}

type Rates = Pick<
  RouteSettings,
  | 'maxMessagesPerSecond'
  | 'maxBytesPerSecond'
  | 'maxControlFramesPerSecond'
  | 'rateBurst'
  | 'onRateLimit'
>

function applyRates(act: string, settings: RouteSettings, options: SessionOptions): Rates {
  const rate = (
    name: 'maxMessagesPerSecond' | 'maxBytesPerSecond' | 'maxControlFramesPerSecond',
  ): number => readWholeNumber(act, name, options[name], settings[name], WHOLE_OR_INFINITE)
  return {
    maxMessagesPerSecond: rate('maxMessagesPerSecond'),
    maxBytesPerSecond: rate('maxBytesPerSecond'),
    maxControlFramesPerSecond: rate('maxControlFramesPerSecond'),
    rateBurst: readDuration(act, 'rateBurst', options.rateBurst, settings.rateBurst),
    onRateLimit: readChoice(act, 'onRateLimit', options.onRateLimit, settings.onRateLimit, [
      'wait',
      'close',
    ]),
  }
}

function applyChannels(
  act: string,
  settings: RouteSettings,
  channels: SessionOptions['channels'],
): Pick<RouteSettings, 'incoming' | 'outgoing'> {
  if (channels === undefined) return { incoming: settings.incoming, outgoing: settings.outgoing }
  requireObject(act, 'channels', channels)
  requireKnownNames(act, channels, ['incoming', 'outgoing'], 'channels.')
  return {
    incoming: applyBounds(act, 'channels.incoming', settings.incoming, channels.incoming),
    outgoing: applyBounds(act, 'channels.outgoing', settings.outgoing, channels.outgoing),
  }
}

function applyBounds<Policy extends OverflowPolicy | LatestBy>(
  act: string,
  name: string,
  bounds: Omit<ChannelBounds, 'onOverflow'> & { readonly onOverflow: Policy },
  options:
    | (Omit<ChannelBoundsOptions, 'onOverflow'> & { readonly onOverflow?: Policy })
    | undefined,
): Omit<ChannelBounds, 'onOverflow'> & { readonly onOverflow: Policy } {
  if (options === undefined) return bounds
  requireObject(act, name, options)
  requireKnownNames(act, options, BOUND_NAMES, `${name}.`)
  const { capacity, maxBytes, onOverflow = bounds.onOverflow } = options
  requirePolicy(act, name, onOverflow)
  return {
    capacity: readWholeNumber(act, `${name}.capacity`, capacity, bounds.capacity, { min: 1 }),
    maxBytes: readWholeNumber(act, `${name}.maxBytes`, maxBytes, bounds.maxBytes, { min: 1 }),
    onOverflow,
  }
}

function requirePolicy(act: string, name: string, policy: OverflowPolicy | LatestBy): void {
  const isOutgoing = name === 'channels.outgoing'
  if (policy instanceof LatestBy ? isOutgoing : OVERFLOW_POLICIES.includes(policy)) return
  const expected = [...OVERFLOW_POLICIES, ...(isOutgoing ? ['latestBy(key)'] : [])].join(', ')
  throw new TypeError(
    `Cannot ${act}: option "${name}.onOverflow" is unknown, expected one of ${expected}`,
  )
}
