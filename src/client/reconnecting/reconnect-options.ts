/**
 * When and how often a connection comes back, as options and as settings.
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

/** When and how often to come back. */
export interface ReconnectOptions {
  /**
   * The longest wait before the first attempt to come back, above 0; it grows by `factor` with each attempt that fails.
   *
   * @defaultValue 1 second
   */
  readonly baseDelay?: Duration

  /** What no wait of our own choosing exceeds; above 0. @defaultValue 30 seconds */
  readonly maxDelay?: Duration

  /** By how much the longest wait grows with each attempt; 1 and above. @defaultValue 2 */
  readonly factor?: number

  /**
   * Which part of a wait is left to chance, from 0 to 1: with 1 a wait is anything from nothing to the longest, so that
   * clients that were lost together do not come back together; with 0 it is always the longest.
   *
   * @defaultValue 1
   */
  readonly jitter?: number

  /**
   * The most attempts in a row without a session that lasted (`resetAfter`): a whole number above 0, or `Infinity`.
   *
   * @defaultValue Infinity
   */
  readonly maxAttempts?: number

  /**
   * For how long to try without a session that lasts, counted from the first setback; above 0. `null`: for ever. Time in
   * which this machine slept does not count.
   *
   * @defaultValue null
   */
  readonly maxElapsed?: Duration | null

  /**
   * How long a session must have been open for the waits to begin at `baseDelay` again; above 0. A server that accepts
   * and hangs up at once is thus asked less and less often.
   *
   * @defaultValue 10 seconds
   */
  readonly resetAfter?: Duration

  /**
   * The longest wait that a server may ask for, by `Retry-After` on a refusal or by its drain hint; above 0. What it
   * asks beyond that is cut.
   *
   * @defaultValue 5 minutes
   */
  readonly maxServerDelay?: Duration

  /**
   * Asked after each setback; `attempt` is the number of the attempts since the last session that lasted. `true` comes
   * back, `false` ends the connection, and `undefined` leaves it to the table in docs/reconnecting.md. What it throws ends
   * the connection and is its cause. It must return at once: a promise ends the connection with a `TypeError`.
   */
  readonly shouldReconnect?: (setback: Setback, attempt: number) => boolean | undefined
}

/** What happens to frames that are sent while there is no session. */
export type WhileAway = 'reject' | 'drop' | { readonly keep: KeepOptions }

/** How much is kept. */
export interface KeepOptions {
  /** Frames: a whole number above 0. @defaultValue 64 */
  readonly frames?: number
  /** Payload bytes: a whole number above 0. One frame that is larger is let in all the same, alone. @defaultValue 1 MiB */
  readonly bytes?: number
}

/** What `opened` is told. */
export interface OpenedFacts {
  /** See `ConnectingState.attempt`. */
  readonly attempt: number
  /** Whether there has been an open session before. */
  readonly isReconnect: boolean
  /** Fires when the attempt is given up: at its deadline, or because the connection is closed. */
  readonly signal: AbortSignal
}

/** What every connection that comes back may be told, whatever its sessions are. */
export interface ReconnectingOptions<Session extends ClientSession = ClientSession> {
  /** When and how often to come back. */
  readonly reconnect?: ReconnectOptions

  /**
   * What happens to frames that are sent while there is no session: `reject` rejects with `NotConnectedError`; `drop`
   * loses them without a word; `{ keep: { frames, bytes } }` keeps them for the next session, and rejects with
   * `ChannelOverflowError` when there is no room.
   *
   * @defaultValue 'reject'
   */
  readonly whileAway?: WhileAway

  /**
   * Runs on every new session, before frames that were kept go out and before `incoming` shows what the session
   * receives: the place to authenticate and to subscribe again. It may send and receive on the session itself. Its
   * failure is that of the attempt. It has to come to an end within `attemptTimeout`.
   */
  readonly opened?: (session: Session, facts: OpenedFacts) => Promise<void> | void

  /**
   * One deadline for a whole attempt, from the URL to the end of `opened`; above 0. `null`: none.
   *
   * @defaultValue 30 seconds
   */
  readonly attemptTimeout?: Duration | null

  /**
   * Makes sure that the server is there, with a pair of messages that servers of ours answer below the handler: for
   * browsers, where pings are not to be seen. Servers that are not ours are shown the first of them as messages: see
   * docs/reconnecting.md. `null`: no heartbeat.
   *
   * @defaultValue null
   */
  readonly heartbeat?: HeartbeatOptions | null

  /** Ends the connection when it fires, in whatever state that is: `incoming` fails with its reason. */
  readonly signal?: AbortSignal
}

/** `ReconnectOptions`, complete. Times are in milliseconds. */
export interface Backing {
  readonly baseDelay: number
  readonly maxDelay: number
  readonly factor: number
  readonly jitter: number
  readonly maxAttempts: number
  /** `null`: for ever. */
  readonly maxElapsed: number | null
  readonly resetAfter: number
  readonly maxServerDelay: number
  readonly shouldReconnect: NonNullable<ReconnectOptions['shouldReconnect']>
}

/** `ReconnectingOptions`, complete. Times are in milliseconds. */
export interface ReconnectingSettings<Session extends ClientSession = ClientSession> {
  readonly reconnect: Backing
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

/** When and how often to come back: defaults, and which values are valid. */
export const RECONNECT_OPTIONS: OptionTable<Backing> = optionTable<Backing>({
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

/** Every option of a connection that comes back: its default, and which values are valid. */
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
 * Reads the options. The caller checks the other names.
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
): Backing['shouldReconnect'] {
  reader.callback(name, value)
  if (Object.prototype.toString.call(value) === '[object AsyncFunction]') {
    reader.refuse(name, value, 'a function that returns at once', 'async')
  }
  return value as Backing['shouldReconnect'] // checked above, but for its signature
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
