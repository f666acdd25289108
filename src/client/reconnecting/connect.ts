/**
 * `connect`: a reconnecting connection, made of the platform's way to open single sessions.
 */

import type { Environment, LoopTurns } from '../../base/internal.ts'
import { kindOf, requireFunction, requireObject } from '../../base/internal.ts'
import type { ClientSession } from '../opening/client-session.ts'
import type { Beating } from './connect-attempt.ts'
import type { ConnectionHints } from './connection-hints.ts'
import {
  RECONNECTING_OPTIONS,
  type ReconnectingOptions,
  type ReconnectingSettings,
} from './reconnect-options.ts'
import { Reconnecting } from './reconnecting.ts'
import type { ReconnectingWebSocket } from './reconnecting-websocket.ts'

/** An address, or a function that returns one before each attempt. */
export type ConnectTarget = string | URL | (() => string | URL | Promise<string | URL>)

/**
 * How a connection that comes back is made: what holds for each of its sessions, as for `openWebSocket`, and what holds
 * for all of it.
 *
 * @typeParam Options what `openWebSocket` takes.
 */
export type ConnectOptions<Options, Session extends ClientSession> = Omit<Options, 'signal'> &
  ReconnectingOptions<Session> & {
    /**
     * Asked before each attempt for what must not be old, such as a token in `headers`: what it gives stands in the place
     * of the options beside it. Its failure is that of the attempt.
     */
    readonly renew?: () => Partial<Options> | Promise<Partial<Options>>
  }

/** How a platform opens single sessions. */
export interface SessionOpener<Options, Session extends ClientSession> {
  /** `options` has a signal, which ends the attempt. */
  open(url: string | URL, options: Options): Promise<Beating<Session>>

  /** Checks an address and options that do not change. @throws {TypeError | RangeError} for what means nothing. */
  check(url: string | URL | null, options: Options): void

  /** Reads the options of the connection itself. @throws {TypeError | RangeError} for what means nothing. */
  read(options: ReconnectingOptions<Session>): ReconnectingSettings<Session>

  /** See `ReconnectingParts`. */
  readonly environment: Pick<Environment, 'clock' | 'random'>

  /** Gives the event loop its turn in loops that need not wait. */
  readonly loop: LoopTurns

  /** `null`: none. */
  readonly hints: ConnectionHints | null
}

const ACT = 'connect'

/**
 * Makes a connection that comes back; the first attempt is under way when this returns.
 *
 * @throws {TypeError | RangeError} for an option or an address that means nothing. Of what functions give later, it ends
 *   the connection.
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
            throw new TypeError(`Cannot ${ACT}: renew() gave ${kindOf(renewed)}, expected options`)
          }
          // As for options that are given at once, each is checked where it is used.
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

/** What is left for single sessions. */
function sessionOptions<Options, Session extends ClientSession>(
  options: ConnectOptions<Options, Session>,
): Options {
  const names = [...RECONNECTING_OPTIONS.names, 'renew']
  // What is not taken out is what `openWebSocket` takes, less its signal, which every attempt has.
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !names.includes(name)),
  ) as Options
}
