/**
 * The embedded server that `embeddedServer` returns.
 */

import type { Application, StopCounts, StopOptions } from '../../../application/index.ts'

/** The address on which a server listens. */
export interface ServerAddress {
  /** The IP address: `127.0.0.1`, or `::` for all addresses of the machine. */
  readonly host: string
  /** 1 to 65535: the port that was chosen if 0 was requested. */
  readonly port: number
  /**
   * The path of the Unix socket; absent for TCP. `host` is then `''`, and `port` 0. The path is
   * `''` if the option `fd` names a Unix socket: Node does not know its path.
   */
  readonly socketPath?: string
}

/** A server that can be started once and stopped once. */
export interface EmbeddedServer extends AsyncDisposable {
  /**
   * The application that the module set up. Routes may be added before and after the start.
   *
   * @throws {TypeError} in a process that supervises `workers`: the module runs only in the
   *   workers.
   */
  readonly application: Application

  /**
   * The address on which the server listens, or has listened. All workers share it.
   *
   * @throws {TypeError} before `start()` has resolved.
   */
  readonly address: ServerAddress

  /**
   * Starts listening. Resolves with this server, as soon as it and all its workers listen. A second
   * call returns the same promise.
   *
   * @throws {ListenError} if the address cannot be used; the call may be repeated. In a worker the
   *   promise then stays pending: the primary process gets the error and ends the worker.
   * @throws {WorkerStartError} if a worker ended before it listened. The others are ended, and the
   *   call may be repeated.
   * @throws {ServerStoppedError} after `stop`.
   * @throws {TypeError} if another server of this process has workers.
   */
  start(): Promise<EmbeddedServer>

  /**
   * Accepts no more connections, refuses upgrades on open connections with 503, and stops the
   * application (`Application.stop`). Requests that the `http` listener is still answering may
   * finish until `timeout`. Resolves when everything is closed. Idempotent: later calls return the
   * first promise. A server that is stopped before it starts can no longer be started.
   *
   * With workers, all of them stop at the same time. Resolves with the sum of their counts when
   * their processes have ended. A worker whose event loop is blocked is killed 5 seconds after
   * `timeout`; its sessions are not counted. In a worker, only that worker stops, and another one
   * replaces it.
   *
   * @throws {TypeError | RangeError} for an invalid option; the server then keeps running.
   */
  stop(options?: StopOptions): Promise<StopCounts>

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void>
}
