/**
 * What can go wrong with a server of our own.
 */

import { TowpathError } from '../../base/index.ts'

/** The server cannot listen; `cause` is what the operating system said. */
export class ListenError extends TowpathError {
  override readonly name = 'ListenError'
  readonly code = 'TOWPATH_LISTEN'

  /** The address that was asked for; `null` when none was: all addresses of the machine. */
  readonly host: string | null
  readonly port: number
  /** The Unix socket that was asked for; `null` when none was. */
  readonly socketPath: string | null

  constructor(host: string | null, port: number, cause: unknown, socketPath: string | null = null) {
    const tcp = host === null ? `port ${port}` : `port ${port} of ${host}`
    const place = socketPath === null ? tcp : `socket ${socketPath}`
    super(`Cannot listen on ${place}: ${explain(cause)}`, { cause })
    this.host = host
    this.port = port
    this.socketPath = socketPath
  }
}

/** A server was to start that has been stopped. */
export class ServerStoppedError extends TowpathError {
  override readonly name = 'ServerStoppedError'
  readonly code = 'TOWPATH_SERVER_STOPPED'

  constructor() {
    super('Cannot start the server: it has been stopped, expected a new one from embeddedServer()')
  }
}

/** The workers of a server cannot start: one of them ended before it listened. What it wrote about it is above. */
export class WorkerStartError extends TowpathError {
  override readonly name = 'WorkerStartError'
  readonly code = 'TOWPATH_WORKER_START'

  /** What it ended with, from 0 to 255; `null` when a signal ended it, or it could not even be started (`cause`). */
  readonly exitCode: number | null
  /** The name of the signal that ended it, `SIGKILL` for one; `null` when none did. */
  readonly signal: string | null

  constructor(end: {
    readonly exitCode: number | null
    readonly signal: string | null
    readonly cause?: unknown
  }) {
    const { exitCode, signal, cause } = end
    const what =
      cause === undefined
        ? `one ended with ${signal ?? `code ${exitCode}`} before it listened, expected the program to call start() in it too`
        : 'the operating system refused a process'
    super(`Cannot start the workers: ${what}`, cause === undefined ? {} : { cause })
    this.exitCode = exitCode
    this.signal = signal
  }
}

/** There is no request of Node behind a call, or there is none any more. */
export class NodeRequestError extends TowpathError {
  override readonly name = 'NodeRequestError'
  readonly code = 'TOWPATH_NODE_REQUEST'

  /**
   * - `'decided'`: the upgrade has been decided, and the request is not kept.
   * - `'none'`: the engine made no such request: in memory (`towpath/testing`), or at the front door of an
   *   `embeddedServer`.
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
  none: 'the engine has made none, expected attach(), or an embeddedServer with throughMiddleware() at this route or above',
}

const EXPLANATIONS: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'it is in use, expected a free one (0 finds one)'],
  ['EACCES', 'this user may not, expected a port from 1024 up'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'the host name is not known'],
])

function explain(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return EXPLANATIONS.get(code) ?? `the operating system refused (${String(code)})`
}
