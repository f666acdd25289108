/**
 * The errors of servers on Node.
 */

import { TowpathError } from '../../base/index.ts'

/** The server cannot listen. `cause` is the system's error. */
export class ListenError extends TowpathError {
  override readonly name = 'ListenError'
  readonly code = 'TOWPATH_LISTEN'

  /** The requested address; `null` for all addresses of the machine. */
  readonly host: string | null
  readonly port: number
  /** The path of the requested Unix socket; `null` for TCP. */
  readonly socketPath: string | null
  /** The requested file descriptor; `null` if there is none. */
  readonly fd: number | null

  constructor(
    host: string | null,
    port: number,
    cause: unknown,
    { socketPath = null, fd = null }: Partial<Pick<ListenError, 'socketPath' | 'fd'>> = {},
  ) {
    super(`Cannot listen on ${placeOf(host, port, socketPath, fd)}: ${explain(cause)}`, { cause })
    this.host = host
    this.port = port
    this.socketPath = socketPath
    this.fd = fd
  }
}

function placeOf(
  host: string | null,
  port: number,
  socketPath: string | null,
  fd: number | null,
): string {
  if (fd !== null) return `file descriptor ${fd}`
  if (socketPath !== null) return `socket ${socketPath}`
  return host === null ? `port ${port}` : `port ${port} of ${host}`
}

/** `start()` was called on a server that has been stopped. */
export class ServerStoppedError extends TowpathError {
  override readonly name = 'ServerStoppedError'
  readonly code = 'TOWPATH_SERVER_STOPPED'

  constructor() {
    super('Cannot start the server: it has been stopped, expected a new one from embeddedServer()')
  }
}

/** The workers cannot start: one of them ended before it listened. Its own output says why. */
export class WorkerStartError extends TowpathError {
  override readonly name = 'WorkerStartError'
  readonly code = 'TOWPATH_WORKER_START'

  /**
   * The exit code, 0 to 255; `null` if a signal ended the worker, or if it could not be started
   * (`cause`).
   */
  readonly exitCode: number | null
  /** The signal that ended the worker, such as `SIGKILL`; `null` if none did. */
  readonly signal: string | null

  constructor(end: {
    readonly exitCode: number | null
    readonly signal: string | null
    readonly cause?: unknown
  }) {
    const { exitCode, signal, cause } = end
    const what =
      cause === undefined
        ? `a worker ended with ${signal ?? `code ${exitCode}`} before it listened, expected the program to call start() in workers too`
        : 'the operating system could not start a process'
    super(`Cannot start the workers: ${what}`, cause === undefined ? {} : { cause })
    this.exitCode = exitCode
    this.signal = signal
  }
}

/** A call has no Node request, or no longer has one. */
export class NodeRequestError extends TowpathError {
  override readonly name = 'NodeRequestError'
  readonly code = 'TOWPATH_NODE_REQUEST'

  /**
   * - `'decided'`: the upgrade has been decided, and the request is not kept.
   * - `'none'`: the engine has no such request: in memory (`towpath/testing`), or at the front door
   *   of an `embeddedServer`.
   */
  readonly reason: 'decided' | 'none'

  constructor(reason: NodeRequestError['reason']) {
    super(`Cannot read the request of Node: ${REASONS[reason]}`)
    this.reason = reason
  }
}

const REASONS: Readonly<Record<NodeRequestError['reason'], string>> = {
  decided:
    'the upgrade has been decided, expected an interceptor to copy what the handler needs to call.attributes',
  none: 'the engine has none, expected attach(), or an embeddedServer with throughMiddleware() at this route or above',
}

const EXPLANATIONS: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'it is in use, expected a free port (0 chooses one)'],
  ['EACCES', 'permission denied, expected a port of 1024 or above'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'the host name was not found'],
])

function explain(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return EXPLANATIONS.get(code) ?? `the operating system refused (${String(code)})`
}
