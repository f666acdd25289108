/**
 * Graceful shutdown at SIGTERM and SIGINT.
 *
 * A listener for a signal replaces the system's default, which is to end the process. After the
 * shutdown the process must therefore end, unless other code listens for the signal too. It ends by
 * itself when nothing is open. Otherwise, for example because of a forgotten interval or a database
 * pool, `process.exit` ends it after a pause, in which listeners of `stopped` can close their
 * resources.
 */

import type { StopOptions } from '../../../application/index.ts'
import { type DrainTimes, toStopOptions } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'

/** The members of `process` that are used. */
export interface SignalProcess {
  readonly pid: number
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  listenerCount(signal: NodeJS.Signals): number
  kill(pid: number, signal: NodeJS.Signals): unknown
  exit(): unknown
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']

/**
 * Ctrl-C reaches a process under `npm start` twice: from the terminal, and from npm. Within this
 * time after the first signal, another one is ignored, even if everything has stopped.
 */
const SAME_SIGNAL_MS = 1000

/** Time after the stop for listeners of `stopped` to close what keeps the process alive. */
export const EXIT_PAUSE_MS = 3000

/**
 * Returns the arguments of `stop()` at a signal for the option `signals`; `null` if signals do not
 * stop the server.
 */
export function stopAtSignal(signals: boolean | DrainTimes): [options?: StopOptions] | null {
  if (typeof signals === 'object') return [toStopOptions(signals)]
  return signals ? [] : null
}

/**
 * Calls `stop` at the first SIGTERM or SIGINT. A second signal, a second or more later, ends the
 * process at once.
 *
 * @returns the registration. Disposing of it removes the listeners: at once, or a second after the
 *   first signal.
 */
export function watchSignals(
  stop: () => Promise<unknown>,
  clock: Clock,
  host: SignalProcess,
): Disposable {
  let firstAt: number | null = null

  function onSignal(signal: NodeJS.Signals): void {
    if (firstAt === null) {
      firstAt = clock.now()
      void stop().finally(() => endProcess(signal))
    } else if (clock.now() - firstAt >= SAME_SIGNAL_MS) {
      unlisten()
      host.kill(host.pid, signal)
    }
  }

  function endProcess(signal: NodeJS.Signals): void {
    const repeatMs = repeatTimeLeft()
    afterRepeat(repeatMs, () => {
      if (host.listenerCount(signal) > 0) return
      clock.setTimer(EXIT_PAUSE_MS - repeatMs, () => host.exit())
    })
  }

  /** Time in which a repetition of the first signal may still arrive, in milliseconds. */
  function repeatTimeLeft(): number {
    return firstAt === null ? 0 : Math.max(0, firstAt + SAME_SIGNAL_MS - clock.now())
  }

  /** Removes the listeners when no repetition can arrive any more. */
  function afterRepeat(repeatMs: number, then: () => void): void {
    const end = (): void => {
      unlisten()
      then()
    }
    if (repeatMs === 0) end()
    else clock.setTimer(repeatMs, end)
  }

  function unlisten(): void {
    for (const signal of SIGNALS) host.off(signal, onSignal)
  }

  for (const signal of SIGNALS) host.on(signal, onSignal)
  return {
    [Symbol.dispose]: () => afterRepeat(repeatTimeLeft(), () => {}),
  }
}
