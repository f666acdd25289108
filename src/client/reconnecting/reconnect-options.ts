/**
 * The options of a reconnecting connection.
 */

import type { Duration } from '../../base/index.ts'
import {
  abortSignal,
  callback,
  duration,
  nested,
  numberBetween,
  type OptionReader,
  optionReader,
  type OptionTable,
  optionTable,
  orNull,
  timeLimit,
  wholeNumber,
  wholeOrInfinite,
} from '../../base/internal.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { HEARTBEAT_OPTIONS, type HeartbeatOptions, type HeartbeatSettings } from './heartbeat.ts'
import type { Setback } from './reconnect-state.ts'

/** When and how often to reconnect. */
export interface ReconnectOptions {
  /**
   * The upper bound of the first wait, above 0. It is multiplied by `factor` after each failed
   * attempt.
   *
   * @defaultValue 1 second
   */
  readonly baseDelay?: Duration

  /** The limit of waits, unless the server asks for more; above 0. @defaultValue 30 seconds */
  readonly maxDelay?: Duration

  /** The factor by which the upper bound grows after each attempt; 1 or above. @defaultValue 2 */
  readonly factor?: number

  /**
   * The random part of a wait, from 0 to 1. With 1, a wait is random between 0 and the upper bound,
   * so that clients that were lost together do not reconnect together. With 0, it is always the
   * upper bound.
   *
   * @defaultValue 1
   */
  readonly jitter?: number

  /**
   * The limit of consecutive attempts without a session that lasted `resetAfter`: a whole number
   * above 0, or `Infinity`.
   *
   * @defaultValue Infinity
   */
  readonly maxAttempts?: number

  /**
   * The time limit for attempts without a session that lasted, measured from the first setback;
   * above 0. `null`: no limit. Time during which this machine slept does not count.
   *
   * @defaultValue null
   */
  readonly maxElapsed?: Duration | null

  /**
   * How long a session must be open before waits start at `baseDelay` again; above 0. A server that
   * accepts connections and closes them at once is thus asked less and less often.
   *
   * @defaultValue 10 seconds
   */
  readonly resetAfter?: Duration

  /**
   * The limit for waits that a server asks for, by `Retry-After` on a refusal or by its close
   * message; above 0. Longer requests are cut to this limit.
   *
   * @defaultValue 5 minutes
   */
  readonly maxServerDelay?: Duration

  /**
   * Decides after each setback; `attempt` is the number of attempts since the last session that
   * lasted. `true` reconnects, `false` ends the connection, and `undefined` applies the table in
   * docs/reconnecting.md. If it throws, the connection ends with that error. It must be
   * synchronous: a promise ends the connection with a `TypeError`.
   */
  readonly shouldReconnect?: (setback: Setback, attempt: number) => boolean | undefined
}

/** How frames are handled that are sent without a session. */
export type WhileAway = 'reject' | 'drop' | { readonly keep: KeepOptions }

/** Limits for kept frames. */
export interface KeepOptions {
  /** Number of frames: a whole number above 0. @defaultValue 64 */
  readonly frames?: number
  /**
   * Payload bytes: a whole number above 0. A larger frame is kept if it is the only one.
   * @defaultValue 1 MiB
   */
  readonly bytes?: number
}

/** The second argument of `opened`. */
export interface OpenedFacts {
  /** See `ConnectingState.attempt`. */
  readonly attempt: number
  /** Whether this connection has had an open session before. */
  readonly isReconnect: boolean
  /** Aborts when the attempt is given up: at its deadline, or because the connection is closed. */
  readonly signal: AbortSignal
}

/** The options of a reconnecting connection, for every kind of session. */
export interface ReconnectingOptions<Session extends ClientSession = ClientSession> {
  /** When and how often to reconnect. */
  readonly reconnect?: ReconnectOptions

  /**
   * How frames are handled that are sent without a session. `reject` rejects with
   * `NotConnectedError`. `drop` drops them silently. `{ keep: { frames, bytes } }` keeps them for
   * the next session, and rejects with `ChannelOverflowError` when there is no room.
   *
   * @defaultValue 'reject'
   */
  readonly whileAway?: WhileAway

  /**
   * Called with every new session, before kept frames are sent and before `incoming` shows its
   * frames: the place to authenticate and to subscribe again. It may send and receive on the
   * session. If it fails, the attempt fails. It must finish within `attemptTimeout`.
   */
  readonly opened?: (session: Session, facts: OpenedFacts) => Promise<void> | void

  /**
   * The time limit of an attempt, from the URL to the end of `opened`; above 0. `null`: no limit.
   *
   * @defaultValue 30 seconds
   */
  readonly attemptTimeout?: Duration | null

  /**
   * Checks that the server is alive, with a pair of messages that Towpath servers answer below the
   * handler. For browsers, where pings are not visible. Other servers receive the first questions
   * as messages: see docs/reconnecting.md. `null`: no heartbeat.
   *
   * @defaultValue null
   */
  readonly heartbeat?: HeartbeatOptions | null

  /** Ends the connection in any state. `incoming` fails with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The checked `ReconnectOptions`. Times are in milliseconds. */
export interface BackoffSettings {
  readonly baseDelay: number
  readonly maxDelay: number
  readonly factor: number
  readonly jitter: number
  readonly maxAttempts: number
  /** `null`: no limit. */
  readonly maxElapsed: number | null
  readonly resetAfter: number
  readonly maxServerDelay: number
  readonly shouldReconnect: NonNullable<ReconnectOptions['shouldReconnect']>
}

/** The checked `ReconnectingOptions`. Times are in milliseconds. */
export interface ReconnectingSettings<Session extends ClientSession = ClientSession> {
  readonly reconnect: BackoffSettings
  readonly whileAway: 'reject' | 'drop' | { readonly keep: Required<KeepOptions> }
  readonly opened: NonNullable<ReconnectingOptions<Session>['opened']>
  /** `null`: none. */
  readonly attemptTimeout: number | null
  /** `null`: none. */
  readonly heartbeat: HeartbeatSettings | null
  readonly signal: AbortSignal | null
}

const KEEP_OPTIONS = optionTable<Required<KeepOptions>>({
  frames: wholeNumber(64),
  bytes: wholeNumber(1024 * 1024),
})

/** The option `reconnect`: defaults and checks. */
export const RECONNECT_OPTIONS: OptionTable<BackoffSettings> = optionTable<BackoffSettings>({
  baseDelay: duration(1_000),
  maxDelay: duration(30_000),
  factor: numberBetween(2, 1, Number.MAX_VALUE),
  jitter: numberBetween(1, 0, 1),
  maxAttempts: wholeOrInfinite(Infinity),
  maxElapsed: orNull(duration(60_000), null),
  resetAfter: duration(10_000),
  maxServerDelay: duration(300_000),
  shouldReconnect: { fallback: doNothing, read: readShouldReconnect },
})

/** All options of a reconnecting connection: defaults and checks. */
export const RECONNECTING_OPTIONS: OptionTable<ReconnectingSettings> =
  optionTable<ReconnectingSettings>({
    reconnect: nested(RECONNECT_OPTIONS),
    whileAway: { fallback: 'reject', read: readWhileAway },
    opened: callback<ReconnectingSettings['opened']>(doNothing),
    attemptTimeout: orNull(timeLimit(30_000)),
    heartbeat: orNull(nested(HEARTBEAT_OPTIONS), null),
    signal: abortSignal(),
  })

/**
 * Reads the options. The caller checks for unknown names.
 *
 * @throws {TypeError | RangeError} for an invalid value, naming the option and what is expected.
 */
export function readReconnecting<Session extends ClientSession>(
  options: ReconnectingOptions<Session>,
): ReconnectingSettings<Session> {
  return RECONNECTING_OPTIONS.lay(optionReader('connect'), options, RECONNECTING_OPTIONS.defaults)
}

function readShouldReconnect(
  reader: OptionReader,
  name: string,
  value: unknown,
): BackoffSettings['shouldReconnect'] {
  reader.callback(name, value)
  if (Object.prototype.toString.call(value) === '[object AsyncFunction]') {
    reader.refuse(name, value, 'a function that returns at once', 'async')
  }
  return value as BackoffSettings['shouldReconnect'] // checked above, but for its signature
}

function readWhileAway(
  reader: OptionReader,
  name: string,
  value: unknown,
): ReconnectingSettings['whileAway'] {
  if (value === 'reject' || value === 'drop') return value
  const { keep } = reader.fields(name, value, ['keep']) as { readonly keep?: unknown }
  return { keep: KEEP_OPTIONS.read(reader, keep, `${name}.keep`) }
}

function doNothing(): undefined {}
