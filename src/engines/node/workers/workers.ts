/**
 * Which part this process plays for a server with workers, and what `node:cluster` gives it for that.
 *
 * It is `node:cluster`, where the primary accepts connections and hands them to the workers in turn, and not a
 * socket for each worker with `SO_REUSEPORT`: there the system picks by a hash of the addresses, which leaves
 * workers uneven for as long as their few connections live, resets what waits in the queue of one that
 * ends, and is neither in Node 20 nor on macOS and Windows. What is handed over is a TCP handle, once a
 * connection; messages never pass through the primary.
 */

import cluster from 'node:cluster'

import { systemClock } from '../../../base/internal.ts'
import type { PrimaryHost } from './primary.ts'
import type { WorkerWorld } from './worker.ts'

/** `alone`: it serves by itself. */
export type ProcessRole = 'alone' | 'primary' | 'worker'

/**
 * Whose process started this one as a worker. A process that a worker starts inherits the variable and has
 * another parent.
 */
const PRIMARY_PID = 'TOWPATH_PRIMARY_PID'

/** The longest interval that Node allows; the timer only keeps the process alive. */
const HOLD_MS = 2 ** 31 - 1

let isClaimed = false

/** What this process is to a server with so many workers. */
export function roleOf(workers: number): ProcessRole {
  if (workers === 1) return 'alone'
  if (cluster.isPrimary) return 'primary'
  return process.env[PRIMARY_PID] === String(process.ppid) ? 'worker' : 'alone'
}

/** This process, as a primary. */
export const primaryHost: PrimaryHost = {
  clock: systemClock,
  signals: process,
  fork: () => cluster.fork({ [PRIMARY_PID]: process.pid }),
  claim: () => {
    claim()
    // Between the end of the last worker and its replacement nothing else might keep the process alive.
    const hold = setInterval(() => {}, HOLD_MS)
    return {
      [Symbol.dispose]() {
        clearInterval(hold)
        isClaimed = false
      },
    }
  },
}

/** This process, as a worker. */
export const workerWorld: WorkerWorld = {
  clock: systemClock,
  send: (message) => {
    process.send?.(message, undefined, undefined, () => {
      // Not sent: the primary is gone, and Node ends this process for it.
    })
  },
  on: (event, listener) => void process.on(event, listener),
  exit: () => process.exit(),
  claim,
}

function claim(): void {
  if (isClaimed) {
    throw new TypeError(
      'Cannot start the server: another one with workers has been started, expected one in a program',
    )
  }
  isClaimed = true
}
