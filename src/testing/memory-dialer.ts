/**
 * What a client of `towpath/client` dials in a test: the application, in memory.
 */

import type { Application, UpgradeOutcome } from '../application/index.ts'
import { noSuchPath } from '../application/internal.ts'
import { Deferred, type Environment } from '../base/internal.ts'
import type { Dialer, DialOutcome, DialRequest } from '../client/internal.ts'
import type { MemoryLink } from '../engines/memory/internal.ts'
import { type HeaderList, HttpHeaders } from '../protocol/internal.ts'
import { replaceHeaders, requestOf } from './connect-options.ts'
import type { Network } from './network-faults.ts'
import { settled } from './test-environment.ts'

/** Whom the dialers of one test reach, and over what. */
export interface DialedServer {
  readonly application: Application
  readonly environment: Environment
  readonly network: Network
  /** Fires when the test is over: requests that are still being decided are then given up. */
  readonly over: AbortSignal
  /** The port that the next client connects from. */
  readonly nextPort: () => number
}

/** What a test says beyond what a client says. */
export interface DialedRequest {
  /** The client's address. */
  readonly remoteHost: string
  /** Asked for instead of the path of the URL, which tidies some up; `null`: the URL's. */
  readonly path: string | null
  /** Headers that take the place of the client's own. */
  readonly replacing: HeaderList
}

const AS_IT_IS: DialedRequest = { remoteHost: '127.0.0.1', path: null, replacing: [] }

/** Dials for one session. */
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

  /** The connection that was dialled last; `null` before the first. */
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

/** The server's end begins at once; the client's is for the caller to start. */
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

/** As over a real network. */
const MAX_BODY_BYTES = 64 * 1024

/**
 * What `promise` settles with; rejects with the reason of `signal` if that fires before, and the
 * other side has had the time to notice.
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
