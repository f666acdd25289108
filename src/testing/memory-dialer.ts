/** The dialer of `towpath/client` in tests: connects to the application, in memory. */

import type { Application, UpgradeOutcome } from '../application/index.ts'
import { noSuchPath } from '../application/internal.ts'
import { Deferred, type Environment } from '../base/internal.ts'
import type { Dialer, DialOutcome, DialRequest } from '../client/internal.ts'
import type { MemoryLink } from '../engines/memory/internal.ts'
import { type HeaderList, HttpHeaders } from '../protocol/internal.ts'
import { replaceHeaders, requestOf } from './connect-options.ts'
import type { Network } from './network-faults.ts'
import { settled } from './test-environment.ts'

/** The server that the dialers of one test connect to, and the network in between. */
export interface DialedServer {
  readonly application: Application
  readonly environment: Environment
  readonly network: Network
  /** Aborts when the test is over: requests that are still being decided are then aborted. */
  readonly over: AbortSignal
  /** Returns the port that the next client connects from. */
  readonly nextPort: () => number
}

/** The part of a request that only a test can set. */
export interface DialedRequest {
  /** The client's address. */
  readonly remoteHost: string
  /** The path to send instead of the URL's path, which is normalised; `null`: the URL's. */
  readonly path: string | null
  /** Headers that replace the client's own. */
  readonly replacing: HeaderList
}

const AS_IT_IS: DialedRequest = { remoteHost: '127.0.0.1', path: null, replacing: [] }

/** The dialer of one session. */
export class MemoryDialer implements Dialer {
  readonly #server: DialedServer
  readonly #request: DialedRequest
  #path: string | null
  #link: MemoryLink | null = null

  constructor(server: DialedServer, request: DialedRequest = AS_IT_IS) {
    this.#server = server
    this.#request = request
    this.#path = request.path
  }

  /** The last connection; `null` before the first. */
  get link(): MemoryLink | null {
    return this.#link
  }

  async dial(request: DialRequest): Promise<DialOutcome> {
    const { environment, network, over } = this.#server
    const { url, signal } = request
    request.entered('connect')
    if (network.isCut) await untilAborted(network.whenWhole(), signal)
    network.requireListener(url.host)

    request.entered('handshake')
    const link = this.#connect(url)
    const path = this.#path ?? url.pathname + url.search
    this.#path = null // redirects lead elsewhere
    const headers = replaceHeaders(request.headers, this.#request.replacing)
    const deciding = this.#server.application.upgrade(
      requestOf(path, headers, link.server),
      environment,
      AbortSignal.any([signal, over]),
    )
    const outcome = await untilAborted(deciding, signal)
    return toDialOutcome(outcome, link, path)
  }

  #connect(url: URL): MemoryLink {
    const encrypted = url.protocol === 'wss:'
    this.#link = this.#server.network.link({
      clientAddress: { host: this.#request.remoteHost, port: this.#server.nextPort() },
      serverAddress: { host: 'localhost', port: encrypted ? 443 : 80 },
      encrypted,
    })
    return this.#link
  }
}

/** Starts the server's end; the caller starts the client's end. */
function toDialOutcome(outcome: UpgradeOutcome, link: MemoryLink, target: string): DialOutcome {
  if (outcome.type === 'accepted') {
    const headers = new HttpHeaders(outcome.headers.flat())
    outcome.start(link.server)
    return { type: 'switched', response: { status: 101, headers }, transport: link.client }
  }
  const { status, headers, body } = outcome.type === 'refused' ? outcome : noSuchPath(target)
  return {
    type: 'answered',
    response: { status, headers: new HttpHeaders(headers.flat()) },
    body: body.subarray(0, MAX_BODY_BYTES),
  }
}

/** The same limit as over a real network. */
const MAX_BODY_BYTES = 64 * 1024

/**
 * Settles with `promise`. Rejects with the reason of `signal` if it aborts before, after the other
 * side has had time to notice.
 */
async function untilAborted<T>(promise: Promise<T> | T, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = new Deferred<never>()
  const onAborted = (): void => void settled().then(() => aborted.reject(signal.reason))
  signal.addEventListener('abort', onAborted)
  try {
    const value = await Promise.race([promise, aborted.promise])
    signal.throwIfAborted()
    return value
  } finally {
    signal.removeEventListener('abort', onAborted)
  }
}
