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

  constructor(host: string | null, port: number, cause: unknown) {
    const place = host === null ? `port ${port}` : `port ${port} of ${host}`
    super(`Cannot listen on ${place}: ${explain(cause)}`, { cause })
    this.host = host
    this.port = port
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
