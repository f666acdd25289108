/**
 * The wait between two attempts of a reconnecting connection. Hints of the platform shorten it, and
 * extend it while the user has left the page.
 */

import type { Clock } from '../../base/index.ts'
import { Deferred, untilAborted } from '../../base/internal.ts'
import type { Backoff, Wait } from './backoff.ts'
import type { ConnectionHint, ConnectionHints } from './connection-hints.ts'

/** Called when a wait begins, and whenever it is shortened. Both times are in milliseconds. */
export type WaitListener = (delay: number, retryAt: number) => void

/** The waits of one connection, at most one at a time. */
export class ReconnectWait {
  readonly #clock: Clock
  readonly #backoff: Backoff
  readonly #hints: ConnectionHints | null
  /** Ends the current wait in `delayMs`, if that is sooner. */
  #endIn: ((delayMs: number) => void) | null = null
  /** See `Wait.isAsked`. */
  #isAsked = false
  /** Resolves when the page is shown again; `null` while it is shown. */
  #hidden: Deferred<void> | null = null

  /** @param hints `null`: the platform has none. */
  constructor(clock: Clock, backoff: Backoff, hints: ConnectionHints | null) {
    this.#clock = clock
    this.#backoff = backoff
    this.#hints = hints
  }

  /** Resolves when the wait is over or `signal` aborts. Never rejects. */
  async run({ delay, isAsked }: Wait, signal: AbortSignal, listener: WaitListener): Promise<void> {
    const over = new Deferred<void>()
    const alarm: { timer: Disposable | null; at: number } = { timer: null, at: Infinity }
    const endIn = (delayMs: number): void => {
      const at = this.#clock.now() + delayMs
      if (at >= alarm.at) return
      alarm.at = at
      alarm.timer?.[Symbol.dispose]()
      alarm.timer = this.#clock.setTimer(delayMs, () => void over.resolve())
      listener(delayMs, at)
    }

    // Offline, the longest wait applies. A hint reports when the network is back.
    endIn(this.#hints?.isOnline === false ? Math.max(delay, this.#backoff.longest) : delay)
    this.#endIn = endIn
    this.#isAsked = isAsked
    await untilAborted(signal, over.promise).catch(ignore)
    // A page that the browser keeps for the Back button must not connect.
    if (this.#hidden !== null) await untilAborted(signal, this.#hidden.promise).catch(ignore)
    this.#endIn = null
    alarm.timer?.[Symbol.dispose]()
    this.#backoff.waited(alarm.at)
  }

  /** Ends the current wait, even if the server asked for it. */
  end(): void {
    this.#endIn?.(0)
  }

  /** Applies a hint. @returns whether the network or the page is back. */
  onHint(hint: ConnectionHint): boolean {
    if (hint === 'left') this.#hidden ??= new Deferred()
    if (hint === 'shown') {
      if (this.#hidden === null) return false
      this.#hidden.resolve()
      this.#hidden = null
    } else if (hint !== 'online' && hint !== 'visible') return false
    if (!this.#isAsked) this.#endIn?.(this.#backoff.shortest())
    return true
  }
}

function ignore(): void {}
