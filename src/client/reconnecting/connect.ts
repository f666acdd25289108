/**
 * `connect`: creates a reconnecting connection from a platform's function that opens sessions.
 */

import type { Environment, LoopTurns } from '../../base/internal.ts'
import { kindOf, requireFunction, requireObject } from '../../base/internal.ts'
import type { ClientSession } from '../opening/client-session.ts'
import type { HeartbeatSession } from './connect-attempt.ts'
import type { ConnectionHints } from './connection-hints.ts'
import {
  RECONNECTING_OPTIONS,
  type ReconnectingOptions,
  type ReconnectingSettings,
} from './reconnect-options.ts'
import { Reconnecting } from './reconnecting.ts'
import type { ReconnectingWebSocket } from './reconnecting-websocket.ts'

/** A URL, or a function that returns a URL for each attempt. */
export type ConnectTarget = string | URL | (() => string | URL | Promise<string | URL>)

/**
 * The options of `connect`: those of `openWebSocket` for each session, and those of the connection.
 *
 * @typeParam Options the options of `openWebSocket`.
 */
export type ConnectOptions<Options, Session extends ClientSession> = Omit<Options, 'signal'> &
  ReconnectingOptions<Session> & {
    /**
     * Called before each attempt for options that expire, such as a token in `headers`. The result
     * overrides the other options. If it fails, the attempt fails.
     */
    readonly renew?: () => Partial<Options> | Promise<Partial<Options>>
  }

/** How a platform opens single sessions. */
export interface SessionOpener<Options, Session extends ClientSession> {
  /** `options` has a signal that aborts the attempt. */
  open(url: string | URL, options: Options): Promise<HeartbeatSession<Session>>

  /** Checks a fixed URL and fixed options. @throws {TypeError | RangeError} for an invalid one. */
  check(url: string | URL | null, options: Options): void

  /** Reads the options of the connection. @throws {TypeError | RangeError} for an invalid one. */
  read(options: ReconnectingOptions<Session>): ReconnectingSettings<Session>

  /** See `ReconnectingDependencies`. */
  readonly environment: Pick<Environment, 'clock' | 'random'>

  /** Yields to the event loop in loops that need not wait. */
  readonly loop: LoopTurns

  /** `null`: none. */
  readonly hints: ConnectionHints | null
}

const ACT = 'connect'

/**
 * Creates a reconnecting connection. The first attempt is running when this returns.
 *
 * @throws {TypeError | RangeError} for an invalid option or URL. An invalid URL or option from a
 *   function ends the connection instead.
 */
export function connectWith<Options, Session extends ClientSession>(
  opener: SessionOpener<Options, Session>,
  target: ConnectTarget,
  options: ConnectOptions<Options, Session>,
): ReconnectingWebSocket<Session> {
  requireObject(ACT, 'the options argument', options)
  const renew: unknown = options.renew ?? (() => ({}))
  requireFunction(ACT, 'option "renew"', renew)
  const own = sessionOptions(options)
  opener.check(typeof target === 'function' ? null : target, own)

  return new Reconnecting({
    source: {
      prepare: async (_, entered) => {
        const url = typeof target === 'function' ? await target() : target
        entered('renew')
        const renewed: unknown = await (renew as () => unknown)() // a function, as checked above
        return async (signal) => {
          if (typeof renewed !== 'object') {
            throw new TypeError(
              `Cannot ${ACT}: renew() returned ${kindOf(renewed)}, expected options`,
            )
          }
          // Checked where they are used, like fixed options.
          return opener.open(url, { ...own, ...(renewed as Partial<Options>), signal })
        }
      },
    },
    environment: opener.environment,
    loop: opener.loop,
    settings: opener.read(options),
    hints: opener.hints,
  })
}

/** Returns the options of single sessions. */
function sessionOptions<Options, Session extends ClientSession>(
  options: ConnectOptions<Options, Session>,
): Options {
  const names = [...RECONNECTING_OPTIONS.names, 'renew']
  // The remaining options are those of `openWebSocket` without its signal.
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !names.includes(name)),
  ) as Options
}
