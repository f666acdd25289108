/**
 * When and how often a connection comes back, as options and as settings.
 */

import type { Duration } from '../../base/index.ts'
import {
  kindOf,
  readDuration,
  readOptionalTimeLimit,
  readPeriod,
  readWholeNumber,
  requireFunction,
  requireKnownNames,
  requireObject,
} from '../../base/internal.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { type HeartbeatOptions, type HeartbeatSettings, readHeartbeat } from './heartbeat.ts'
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

/** The names of `ReconnectingOptions`. */
export const RECONNECTING_OPTION_NAMES: readonly string[] = [
  'reconnect',
  'whileAway',
  'opened',
  'attemptTimeout',
  'heartbeat',
  'signal',
] satisfies Array<keyof ReconnectingOptions>

const RECONNECT_NAMES: readonly string[] = [
  'baseDelay',
  'maxDelay',
  'factor',
  'jitter',
  'maxAttempts',
  'maxElapsed',
  'resetAfter',
  'maxServerDelay',
  'shouldReconnect',
] satisfies Array<keyof ReconnectOptions>

const ACT = 'connect'
const COUNT = { min: 1 }

/**
 * Reads the options. Names beside these are the caller's to check.
 *
 * @throws {TypeError | RangeError} for what means nothing, naming the option and what it may be.
 */
export function readReconnecting<Session extends ClientSession>(
  options: ReconnectingOptions<Session>,
): ReconnectingSettings<Session> {
  const { reconnect = {}, whileAway = 'reject', opened = doNothing, signal = null } = options
  requireFunction(ACT, 'option "opened"', opened)
  if (signal !== null && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `Cannot ${ACT}: option "signal" is ${kindOf(signal)}, expected an AbortSignal`,
    )
  }
  return {
    reconnect: readReconnect(reconnect),
    whileAway: readWhileAway(whileAway),
    opened,
    attemptTimeout: readOptionalTimeLimit(ACT, 'attemptTimeout', options.attemptTimeout, 30_000),
    heartbeat: readHeartbeat(ACT, options.heartbeat),
    signal,
  }
}

function readReconnect(options: ReconnectOptions): Backing {
  requireObject(ACT, 'option "reconnect"', options)
  requireKnownNames(ACT, options, RECONNECT_NAMES, 'reconnect.')
  const { shouldReconnect = doNothing } = options
  requireFunction(ACT, 'option "reconnect.shouldReconnect"', shouldReconnect)
  if (Object.prototype.toString.call(shouldReconnect) === '[object AsyncFunction]') {
    throw new TypeError(
      `Cannot ${ACT}: option "reconnect.shouldReconnect" is async, expected a function that returns at once`,
    )
  }
  const duration = (
    name: 'baseDelay' | 'maxDelay' | 'resetAfter' | 'maxServerDelay',
    fallback: number,
  ): number => readDuration(ACT, `reconnect.${name}`, options[name], fallback)
  const { maxAttempts, maxElapsed } = options
  return {
    baseDelay: duration('baseDelay', 1_000),
    maxDelay: duration('maxDelay', 30_000),
    factor: readRatio('factor', options.factor ?? 2, 1, Number.MAX_VALUE),
    jitter: readRatio('jitter', options.jitter ?? 1, 0, 1),
    maxAttempts: readWholeNumber(ACT, 'reconnect.maxAttempts', maxAttempts, Infinity, {
      min: 1,
      allowInfinity: true,
    }),
    maxElapsed: readPeriod(ACT, 'reconnect.maxElapsed', maxElapsed, null),
    resetAfter: duration('resetAfter', 10_000),
    maxServerDelay: duration('maxServerDelay', 300_000),
    shouldReconnect,
  }
}

function readRatio(name: string, value: number, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value
  const range = max === 1 ? `${min} to 1` : `${min} or above`
  throw new RangeError(
    `Cannot ${ACT}: option "reconnect.${name}" is ${kindOf(value)}, expected a number of ${range}`,
  )
}

function readWhileAway(whileAway: WhileAway): ReconnectingSettings['whileAway'] {
  if (whileAway === 'reject' || whileAway === 'drop') return whileAway
  requireObject(ACT, 'option "whileAway"', whileAway)
  requireKnownNames(ACT, whileAway, ['keep'], 'whileAway.')
  const { keep } = whileAway
  requireObject(ACT, 'option "whileAway.keep"', keep)
  requireKnownNames(ACT, keep, ['frames', 'bytes'], 'whileAway.keep.')
  return {
    keep: {
      frames: readWholeNumber(ACT, 'whileAway.keep.frames', keep.frames, 64, COUNT),
      bytes: readWholeNumber(ACT, 'whileAway.keep.bytes', keep.bytes, 1024 * 1024, COUNT),
    },
  }
}

function doNothing(): undefined {}
