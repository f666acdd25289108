/**
 * The broker between the workers of one server: the log is in the process that started them.
 */

import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, memoryBroker } from '../../topics/index.ts'
import { OpeningBroker } from '../opening-broker.ts'
import type { LogAddress } from './log-connection.ts'
import { LogHost } from './log-host.ts'
import { WorkersEngine } from './workers-engine.ts'

/** Where the log is: the process, the path and the secret. Workers inherit it. */
const VARIABLE = 'TOWPATH_WORKERS_LOG'
const RANDOM_BYTES = 16

let host: LogHost | null = null

/**
 * Makes a broker for the workers of one server on one machine. It needs nothing to be installed.
 *
 * Call it at the top of the program, and not in the module of the server. The process that starts
 * the workers runs the call too: that process holds the log, and the workers connect to it. The log
 * ends with that process. In a program without workers, it is a broker in memory.
 *
 * @throws {TypeError} in a worker whose starting process has not called it.
 *
 * @example
 * const broker = workersBroker()
 * const server = embeddedServer({ workers: 'auto' }, (app) => {
 *   app.install(Topics, { broker })
 * })
 */
export function workersBroker(): Broker {
  const address = readAddress()
  if (address === null) return memoryBroker({ log: theHost().log })
  return new OpeningBroker(
    { appendsInFlight: Infinity, offsets: 'dense' },
    (sink, options) => new WorkersEngine(address, sink, options),
  )
}

/** @returns `null` in the process that starts the workers. */
function readAddress(): LogAddress | null {
  const [pid, secret, path] = process.env[VARIABLE]?.split(' ', 3) ?? []
  // A process that a worker starts inherits the variable too, and has another parent.
  if (pid === String(process.ppid) && secret !== undefined && path !== undefined) {
    return { to: { path: decodeURIComponent(path) }, secret }
  }
  if (!cluster.isWorker) return null
  throw new TypeError(
    'Cannot make the broker: the process that has started this worker holds no log,' +
      ' expected workersBroker() at the top of the program and not in the module',
  )
}

/** One host for all brokers of the process. It listens when the first worker starts. */
function theHost(): LogHost {
  if (host !== null) return host
  const name = `towpath-${randomBytes(RANDOM_BYTES).toString('hex')}`
  const secret = randomBytes(RANDOM_BYTES).toString('hex')
  const isWindows = process.platform === 'win32'
  const folder = join(tmpdir(), name)
  const path = isWindows ? `\\\\.\\pipe\\${name}` : join(folder, 'log')
  const created = new LogHost(secret)
  host = created
  process.env[VARIABLE] = `${process.pid} ${secret} ${encodeURIComponent(path)}`
  cluster.once('fork', () => {
    if (!isWindows) {
      // Only this user can reach the socket.
      mkdirSync(folder, { mode: 0o700 })
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    }
    created.listen({ path })
  })
  return created
}
