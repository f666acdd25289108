/**
 * TLS of a server over a bare TCP handle: no `net.Socket` and no `TLSSocket` exist. Those two cost
 * more than a third of a resumed handshake.
 *
 * Node's `TLSWrap` does the handshake, and encrypts. This file makes one as Node does, and does for
 * it what a `TLSSocket` would do: the limit of renegotiations, errors, and the order of closing.
 *
 * Node does not document this. It is looked for before it is used, and `front-door-self-test.ts`
 * tries it once. If either fails, Node accepts connections as usual.
 */

import { Duplex } from 'node:stream'
import {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  createSecureContext,
  type SecureContext,
  TLSSocket,
} from 'node:tls'

import {
  closeUnderTls,
  type CountingServer,
  type HandleOwner,
  listenTo,
  setOwner,
  type TcpHandle,
  type TcpInternals,
  uncount,
} from './tcp-handle.ts'
import type { OpenTls, TlsHandle, TlsOwner } from './tls-handle.ts'

/** The handle that encrypts, with what only its beginning needs. */
export interface NativeTls extends TlsHandle {
  onhandshakestart: (this: NativeTls, now: number) => void
  onhandshakedone: (this: NativeTls) => void
  onerror: (this: NativeTls, error: Error) => void
  setALPNProtocols(protocols: Uint8Array): void
  getALPNNegotiatedProtocol(): string | false
  destroySSL(): void
}

/** Makes the handle that encrypts over `lower`. */
type Wrap = (lower: object, context: unknown, isServer: boolean, isWriting: boolean) => NativeTls

/** The parts of Node that are needed beside the handle itself. */
export interface TlsInternals {
  /** Node calls it through this property. */
  wrap: Wrap
}

/** What the connections of one server have in common. */
export interface TlsServerSettings {
  readonly internals: TlsInternals
  /** Node's own context object of certificates and keys, asked for at each connection. */
  readonly context: () => unknown
  /** The protocols that the server offers, as Node encodes them; `null`: none. */
  readonly protocols: Uint8Array | null
}

/** The owner of a connection whose handshake may not be done yet. */
export interface TlsNewcomer extends TlsOwner {
  /** The handshake is done. Called inside it: nothing has been read, and TLS may still write. */
  secured(): void
}

/** One connection, from the beginning of its handshake to its end. */
export class BareTls implements OpenTls, HandleOwner {
  readonly handle: OwnedTls
  readonly lower: TcpHandle
  readonly head: null = null
  isClosing = false
  /** The server that counts the connection until it is closed; `null`: none does. */
  server: CountingServer | null = null
  readonly #internals: TcpInternals
  #owner: TlsOwner | null
  /** The owner, until the first handshake is done. */
  #newcomer: TlsNewcomer | null
  /** When the last handshake began, in milliseconds of the event loop; 0: none has. */
  #handshakeAt = 0
  /** How often the client has wanted another handshake within the window of Node. */
  #renegotiations = 0
  /** The last answer is being written. */
  #isAnswering = false
  #closesOnceAnswered = false

  /** Begins to read with `handle.readStart()`. Then the handshake runs by itself. */
  constructor(
    lower: TcpHandle,
    { internals, context, protocols }: TlsServerSettings,
    tcp: TcpInternals,
    owner: TlsNewcomer,
    buffer: Uint8Array,
  ) {
    this.lower = lower
    this.#internals = tcp
    this.#owner = owner
    this.#newcomer = owner
    this.handle = internals.wrap(lower, context(), true, false)
    if (protocols !== null) this.handle.setALPNProtocols(protocols)
    this.handle.connection = this
    this.handle.onhandshakestart = onHandshakeStart
    this.handle.onhandshakedone = onHandshakeDone
    this.handle.onerror = onError
    setOwner(this.handle, this)
    listenTo(this.handle, buffer)
    // Also keeps this object, and with it the handle that encrypts, in memory.
    setOwner(lower, this)
  }

  /** The protocol that ALPN agreed on; `''`: none. */
  get protocol(): string {
    return this.handle.getALPNNegotiatedProtocol() || ''
  }

  own(owner: TlsOwner): void {
    this.#owner = owner
  }

  /** Lets both handles go, not reading. */
  release(): void {
    this.handle.readStop()
    this.#owner = null
    delete this.handle.connection
    setOwner(this.handle, null)
    setOwner(this.lower, null)
  }

  close(error?: Error): void {
    if (this.isClosing) return
    this.isClosing = true
    if (error !== undefined) this.#owner?.failed(error)
    closeUnderTls(this.lower)
  }

  /**
   * Writes `bytes`, and ends our side with an alert and FIN.
   *
   * @returns whether TLS takes them.
   */
  writeLast(bytes: Uint8Array): boolean {
    this.#isAnswering = true
    const request = this.#internals.createWrite()
    request.oncomplete = () => this.#shutDown()
    return this.handle.writeBuffer(request, bytes) === 0
  }

  /** Closes when the last answer and the end of our side have been sent. */
  closeOnceAnswered(): void {
    if (this.#isAnswering) this.#closesOnceAnswered = true
    else this.close()
  }

  #shutDown(): void {
    if (this.isClosing) return
    const request = this.#internals.createShutdown()
    request.oncomplete = () => {
      this.#isAnswering = false
      if (this.#closesOnceAnswered) this.close()
    }
    if (this.handle.shutdown(request) !== 0) this.close()
  }

  /** A handshake begins: the first, or one that the client wants again (RFC 5246 §7.4.1.1). */
  handshakeStarts(now: number): void {
    const before = this.#handshakeAt
    this.#handshakeAt = now
    if (before === 0) return
    const isInWindow = now - before < CLIENT_RENEG_WINDOW * 1000
    this.#renegotiations = isInWindow ? this.#renegotiations + 1 : 1
    if (this.#renegotiations <= CLIENT_RENEG_LIMIT) return
    // What a `TLSSocket` reports.
    const error = new Error('TLS session renegotiation attack detected')
    this.failed(Object.assign(error, { code: 'ERR_TLS_SESSION_ATTACK' }))
  }

  /** A handshake is done. */
  handshakeIsDone(): void {
    const newcomer = this.#newcomer
    this.#newcomer = null
    if (!this.isClosing) newcomer?.secured()
  }

  /** TLS has found an error. */
  failed(error: Error): void {
    if (!this.isClosing) this.#owner?.failed(error)
  }

  /** See `HandleOwner`. */
  wasRead(): void {
    this.#owner?.wasRead()
  }

  /** See `HandleOwner`: the TCP handle is closed. */
  wasClosed(): void {
    // Not earlier: TLS itself may be what closes the connection.
    this.handle.destroySSL()
    setOwner(this.handle, null)
    const { server } = this
    this.server = null
    uncount(server)
    this.#owner?.wasClosed()
  }
}

/** The property by which a handle finds its connection. All share the three functions below. */
type OwnedTls = NativeTls & { connection?: BareTls }

function onHandshakeStart(this: OwnedTls, now: number): void {
  this.connection?.handshakeStarts(now)
}

function onHandshakeDone(this: OwnedTls): void {
  this.connection?.handshakeIsDone()
}

function onError(this: OwnedTls, error: Error): void {
  this.connection?.failed(error)
}

/** Looks for Node's internals; `null` where they are not as expected. */
export function findTlsInternals(): TlsInternals | null {
  const { binding } = process as unknown as { binding?: (name: string) => unknown } // asked below
  if (typeof binding !== 'function') return null
  try {
    const found = binding('tls_wrap') as Partial<TlsInternals> // the field is checked here
    if (typeof found.wrap !== 'function') return null
    return wrapsAsExpected(found as TlsInternals) ? (found as TlsInternals) : null
  } catch {
    return null // this runtime has no such binding, or does not let us have it
  }
}

/**
 * Watches Node make a handle. A call with other arguments than Node's own would end the process,
 * and could not be tried.
 */
function wrapsAsExpected(internals: TlsInternals): boolean {
  const { wrap } = internals
  let seen: unknown[] = []
  let made: Partial<NativeTls> = {}
  internals.wrap = (...args) => {
    seen = args
    return (made = wrap.apply(internals, args))
  }
  const secureContext = createSecureContext()
  const below = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() })
  try {
    const socket = new TLSSocket(below, { isServer: true, secureContext })
    socket.on('error', () => {
      // It never speaks to anybody.
    })
    socket.destroy()
  } finally {
    internals.wrap = wrap
  }
  const [, context, isServer, isWriting] = seen
  return (
    seen.length === 4 &&
    context === contextOf(secureContext) &&
    isServer === true &&
    isWriting === false &&
    NATIVE_METHODS.every((name) => typeof made[name] === 'function')
  )
}

const NATIVE_METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'writeLatin1String',
  'shutdown',
  'setALPNProtocols',
  'getALPNNegotiatedProtocol',
  'destroySSL',
] as const

/** Node's own object in a secure context. */
export function contextOf(secureContext: SecureContext): unknown {
  return secureContext.context
}
