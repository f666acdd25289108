/**
 * The state of a reconnecting connection, and its observers.
 */

import type { Clock } from '../../base/index.ts'
import { BufferedChannel } from '../../channels/internal.ts'
import type { CloseInfo } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'

/** Why there is no session: a session has ended, or an attempt has failed. */
export interface Setback {
  /** How the session ended; `null` if there was none, or if it ended because `opened` failed. */
  readonly info: CloseInfo | null

  /**
   * The error of a failed attempt: `ConnectError`, `UpgradeRefusedError`, or what `opened` threw.
   * `null` if an open session has ended; `info.cause` then has the error.
   */
  readonly error: Error | null
}

/** The state of a reconnecting connection. Each state is a new, immutable object. */
export type ConnectionState<Session extends ClientSession = ClientSession> =
  | ConnectingState
  | OpenState<Session>
  | WaitingState
  | ClosedState

/** An attempt is running: a session is being opened, or `opened` is running. */
export interface ConnectingState {
  readonly type: 'connecting'
  /** 1 for the first attempt, and for the first one after a session that lasted; then 2, 3, … */
  readonly attempt: number
  /** Why there is no session; `null` before the first one. */
  readonly setback: Setback | null
}

/** There is an open session. */
export interface OpenState<Session extends ClientSession = ClientSession> {
  readonly type: 'open'
  /** The number of the attempt that succeeded. */
  readonly attempt: number
  readonly session: Session
}

/** The connection waits for the next attempt. */
export interface WaitingState {
  readonly type: 'waiting'
  /** The number of the next attempt. */
  readonly attempt: number
  /** The length of the whole wait, in milliseconds. */
  readonly delay: number
  /** When the wait ends, on the clock of `performance.now()`; in tests on that of `t.clock`. */
  readonly retryAt: number
  readonly setback: Setback
}

/** The connection has ended for good. */
export interface ClosedState {
  readonly type: 'closed'
  readonly end: ConnectionEnd
}

/** How a connection ended. */
export interface ConnectionEnd {
  /**
   * `closed`: by `close()`. `aborted`: by the signal. `final`: reconnecting cannot help, because of
   * the close code, the refusal or `shouldReconnect`. `exhausted`: `maxAttempts` or `maxElapsed` is
   * reached.
   */
  readonly why: 'closed' | 'aborted' | 'final' | 'exhausted'

  /** Why there was no session at the end; `null` if there was one, or if no attempt had failed. */
  readonly setback: Setback | null

  /**
   * The error with which `incoming` ended; `null` for a normal end (`close()`, or Close 1000 from
   * the server).
   */
  readonly cause: Error | null

  /** Number of frames that `send` accepted without a session and that were given to no session. */
  readonly unsent: number
}

/** The state of one connection, with its observers. */
export class ObservableState<Session extends ClientSession> {
  #state: ConnectionState<Session>
  readonly #clock: Clock
  readonly #watchers = new Set<BufferedChannel<ConnectionState<Session>>>()

  /** @param clock the clock for timeouts of observers. */
  constructor(state: ConnectionState<Session>, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  get value(): ConnectionState<Session> {
    return this.#state
  }

  set value(state: ConnectionState<Session>) {
    this.#state = state
    for (const watcher of this.#watchers) watcher.trySend(state)
    if (state.type !== 'closed') return
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers.clear()
  }

  /**
   * Returns a channel of the current and all later states. A slow reader gets only the latest.
   * Cancelling the channel ends the observation.
   */
  watch(): BufferedChannel<ConnectionState<Session>> {
    const channel: BufferedChannel<ConnectionState<Session>> = new BufferedChannel(
      { capacity: 1, onOverflow: 'drop-oldest' },
      {
        owner: null,
        hooks: {
          onCancel: () => void this.#watchers.delete(channel),
          clock: () => this.#clock,
        },
      },
    )
    channel.trySend(this.#state)
    if (this.#state.type === 'closed') channel.close()
    else this.#watchers.add(channel)
    return channel
  }

  /** See `ReconnectingWebSocket.states`. */
  iterate(): AsyncIterableIterator<ConnectionState<Session>, undefined, undefined> {
    const channel = this.watch()
    const iterator = channel[Symbol.asyncIterator]()
    return {
      next: () => iterator.next(),
      return: () => {
        channel.cancel()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
