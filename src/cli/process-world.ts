/**
 * The world of a real process.
 */

import { waitingSystemClock } from '../base/internal.ts'
import { createPlatform } from '../engines/node/internal.ts'
import { startLoadMeter } from './bench/load-meter.ts'
import { ExitCode } from './exit-code.ts'
import type { World } from './world.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Returns the world of this process. */
export function processWorld(): World {
  // `run` and `Outlet` handle a standard output that fails. A note that fails is dropped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: waitingSystemClock,
    platform: createPlatform(),
    startLoadMeter,
    variables: process.env,
    onInterrupt,
  }
}

/** The second interrupt ends the process at once: the first may wait for a peer. */
function onInterrupt(listener: () => void): Disposable {
  let isSecond = false
  const interrupted = (): void => {
    if (isSecond) process.exit(ExitCode.INTERRUPTED)
    isSecond = true
    listener()
  }
  for (const signal of SIGNALS) process.on(signal, interrupted)
  return {
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, interrupted)
    },
  }
}
