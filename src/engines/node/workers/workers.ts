/**
 * The role of this process in a server with workers, and its access to `node:cluster`.
 *
 * With `node:cluster` the primary accepts connections and passes them to the workers in turn. The
 * alternative is one socket for each worker with `SO_REUSEPORT`. Then the system chooses by a hash
 * of the addresses, which loads workers unevenly; the queue of a worker that ends is reset; and
 * Node 20, macOS and Windows do not have it. The primary passes one TCP handle for each connection.
 * Messages never pass through it.
 */

import cluster from 'node:cluster'

import { systemClock } from '../../../base/internal.ts'
import { closeUndelivered } from './handed-over.ts'
import type { PrimaryDependencies } from './primary.ts'
import type { WorkerDependencies } from './worker.ts'

/** `alone`: the process serves without workers. */
export type ProcessRole = 'alone' | 'primary' | 'worker'

/**
 * The process that started this one as a worker. A child of a worker inherits the variable, but has
 * another parent.
 */
const PRIMARY_PID = 'TOWPATH_PRIMARY_PID'

/** The longest interval that Node allows; the timer only keeps the process alive. */
const HOLD_MS = 2 ** 31 - 1

let isClaimed = false

/** Returns the role of this process for a server with `workers` workers. */
export function roleOf(workers: number): ProcessRole {
  if (workers === 1) return 'alone'
  if (cluster.isPrimary) return 'primary'
  return process.env[PRIMARY_PID] === String(process.ppid) ? 'worker' : 'alone'
}

/** This process as a primary. */
export const primaryDependencies: PrimaryDependencies = {
  clock: systemClock,
  signals: process,
  fork: () => {
    const worker = cluster.fork({ [PRIMARY_PID]: process.pid })
    closeUndelivered(worker.process)
    return worker
  },
  claim: () => {
    claim()
    // Keeps the process alive between the end of the last worker and its replacement.
    const hold = setInterval(() => {}, HOLD_MS)
    return {
      [Symbol.dispose]() {
        clearInterval(hold)
        isClaimed = false
      },
    }
  },
}

/** This process as a worker. */
export const workerDependencies: WorkerDependencies = {
  clock: systemClock,
  send: (message) => {
    process.send?.(message, undefined, undefined, () => {
      // Not sent: the primary has ended, and Node ends this process too.
    })
  },
  on: (event, listener) => void process.on(event, listener),
  exit: () => process.exit(),
  claim,
}

function claim(): void {
  if (isClaimed) {
    throw new TypeError(
      'Cannot start the server: another server with workers is running, expected one for each process',
    )
  }
  isClaimed = true
}
