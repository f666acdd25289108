/**
 * Where a connection that comes back stands, and how others watch it.
 */

import type { Clock } from '../../base/index.ts'
import { BufferedChannel } from '../../channels/internal.ts'
import type { CloseInfo } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'

/** Why there is no session: one has ended, or an attempt has failed. */
export interface Setback {
  /** How the session ended; `null` when there was none, or when it ended because `opened` failed. */
  readonly info: CloseInfo | null

  /**
   * What an attempt failed with (`ConnectError`, `UpgradeRefusedError`, whatever `opened` threw); `null` when a session
   * that was open has ended, whose `info.cause` then says more.
   */
  readonly error: Error | null
}

/** Where a connection stands. Each state is an object of its own, and final. */
export type ConnectionState<Session extends ClientSession = ClientSession> =
  | ConnectingState
  | OpenState<Session>
  | WaitingState
  | ClosedState

/** An attempt is under way: a session is being opened, or `opened` is at work on it. */
export interface ConnectingState {
  readonly type: 'connecting'
  /** 1 for the first attempt of all, and for the first after a session that lasted; then 2, 3, … */
  readonly attempt: number
  /** Why it is not open; `null` before the first session. */
  readonly setback: Setback | null
}

/** There is a session. */
export interface OpenState<Session extends ClientSession = ClientSession> {
  readonly type: 'open'
  /** The attempt that has succeeded. */
  readonly attempt: number
  readonly session: Session
}

/** There will be another attempt. */
export interface WaitingState {
  readonly type: 'waiting'
  /** The attempt that comes next. */
  readonly attempt: number
  /** How long the whole wait is, in milliseconds, counted from when it began. */
  readonly delay: number
  /** When it is over, on the clock of `performance.now()`; in tests on that of `t.clock`. */
  readonly retryAt: number
  readonly setback: Setback
}

/** It is over, for good. */
export interface ClosedState {
  readonly type: 'closed'
  readonly end: ConnectionEnd
}

/** How a connection ended, for good. */
export interface ConnectionEnd {
  /**
   * `closed`: by `close()`; `aborted`: by the signal; `final`: coming back would not help, because the close code, the
   * refusal or `shouldReconnect` says so; `exhausted`: `maxAttempts` or `maxElapsed` is used up.
   */
  readonly why: 'closed' | 'aborted' | 'final' | 'exhausted'

  /** Why there was no session when it ended; `null` if there was one, or no attempt had failed yet. */
  readonly setback: Setback | null

  /** What `incoming` ended with: `null` for a normal end (`close()`, or a server's Close 1000). */
  readonly cause: Error | null

  /** Frames that `send` has accepted while there was no session, and that no session has been given. */
  readonly unsent: number
}

/** The state of one connection, and those who watch it. */
export class StateBoard<Session extends ClientSession> {
  #state: ConnectionState<Session>
  readonly #clock: Clock
  readonly #watchers = new Set<BufferedChannel<ConnectionState<Session>>>()

  /** @param clock what timeouts of those who watch run on. */
  constructor(state: ConnectionState<Session>, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  get state(): ConnectionState<Session> {
    return this.#state
  }

  set state(state: ConnectionState<Session>) {
    this.#state = state
    for (const watcher of this.#watchers) watcher.trySend(state)
    if (state.type !== 'closed') return
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers.clear()
  }

  /** A channel of what is and what will be; whoever is slow sees the latest. Cancelling it ends the watching. */
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
