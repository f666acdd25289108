/**
 * What a process does when it is told to end: it drains.
 *
 * To listen for a signal is to take over what the system would have done, which is to end the process. So
 * once all is drained, and unless somebody else listens for the signal and so decides about the end, the
 * process ends: by itself when nothing is open any more, and if something is (a forgotten interval, a
 * database pool), with `process.exit` after a pause in which listeners of `stopped` can close it.
 */

import type { Clock } from '../../../base/index.ts'

/** The part of `process` that is needed. */
export interface SignalHost {
  readonly pid: number
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  listenerCount(signal: NodeJS.Signals): number
  kill(pid: number, signal: NodeJS.Signals): unknown
  exit(): unknown
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']

/**
 * Ctrl-C reaches a process under `npm start` twice: from the terminal, and again from npm. Within this
 * time after the first signal, another one is ignored, even if everything has stopped meanwhile.
 */
const SAME_SIGNAL_MS = 1000

/** After the stop: time for listeners of `stopped` to close what would keep the process alive. */
export const EXIT_PAUSE_MS = 3000

/**
 * Calls `stop` at the first SIGTERM or SIGINT. A second one, a second or more later, ends the process at
 * once, as if nobody had listened.
 *
 * @returns the watch. Disposing of it takes the listeners off: at once, or a second after the first signal.
 */
export function watchSignals(
  stop: () => Promise<unknown>,
  clock: Clock,
  host: SignalHost,
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

  /** How long a repetition of the first signal may still arrive, in milliseconds. */
  function repeatTimeLeft(): number {
    return firstAt === null ? 0 : Math.max(0, firstAt + SAME_SIGNAL_MS - clock.now())
  }

  /** Takes the listeners off once no repetition can arrive any more. */
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
