/**
 * A server of our own, as its user holds it; `embeddedServer` makes them.
 */

import type { Application, StopCounts, StopOptions } from '../../../application/index.ts'

/** Where a server listens. */
export interface ServerAddress {
  /** The IP address: `127.0.0.1`, or `::` for all addresses of the machine. */
  readonly host: string
  /** 1 to 65535: the one that was found, when 0 was asked for. */
  readonly port: number
  /** The path of the Unix socket; absent on TCP. `host` is then `''`, and `port` 0. */
  readonly socketPath?: string
}

/** A server that can be started once and stopped once. */
export interface EmbeddedServer extends AsyncDisposable {
  /**
   * What the module set up. It may be added to before the start and after.
   *
   * @throws {TypeError} in a process that has the `workers` option and so serves nobody itself: the module
   *   runs in each worker, and in the workers only.
   */
  readonly application: Application

  /**
   * Where the server listens, or has listened; with workers they all listen there.
   *
   * @throws {TypeError} before `start()` has resolved.
   */
  readonly address: ServerAddress

  /**
   * Listens. Resolves with the server itself once it does, with workers once they all do; a second call
   * answers the same.
   *
   * @throws {ListenError} if the address cannot be had; the call may then be repeated. In a worker the promise
   *   then stays as it is: the process that started the worker is told, and ends it.
   * @throws {WorkerStartError} if a worker ended before it listened; the others are ended, and the call may
   *   be repeated.
   * @throws {ServerStoppedError} after `stop`.
   * @throws {TypeError} for a second server with workers while another of this process has some.
   */
  start(): Promise<EmbeddedServer>

  /**
   * Accepts no more connections, refuses upgrades on open connections with 503, and stops the
   * application (`Application.stop`). Requests that the `http` listener is still answering may finish
   * until `timeout`. Resolves when everything is closed. Idempotent: later calls return the first
   * promise. A server that is stopped before it starts can no longer be started.
   *
   * With workers all of them do so at once; resolves with the sums of their counts when their processes have
   * ended. A worker that does not answer, because its event loop is stuck, is killed 5 seconds after
   * `timeout`; its sessions are in no count. In a worker it stops that one alone, and another takes its place.
   *
   * @throws {TypeError | RangeError} for options that mean nothing; the server then goes on.
   */
  stop(options?: StopOptions): Promise<StopCounts>

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void>
}
