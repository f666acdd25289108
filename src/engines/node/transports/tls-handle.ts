/**
 * The TLS handle under a `TLSSocket`. See `bare-tls.ts` for TLS without such a socket.
 *
 * The handle (Node's `TLSWrap`) lies between the socket and a TCP handle. It takes a read buffer of
 * ours and an `onread` like the TCP handle does, and its writes encrypt at the call: the memory is
 * free again when the call returns. It allows one write at a time. The socket stays its owner and
 * closes it; only reading and writing go past the socket's streams.
 *
 * None of this is documented by Node. It is looked for before it is used, and tried out once by
 * `tls-self-test.ts`. Where either fails, sessions over TLS run on streams.
 */

import { TLSSocket } from 'node:tls'

import { takeBuffered } from './buffered-bytes.ts'
import { tuneSocket } from './stream-transport.ts'
import { type HandleOwner, listenTo, setOwner, type TcpHandle } from './tcp-handle.ts'

/** The handle that encrypts. */
export type TlsHandle = Pick<
  TcpHandle,
  | 'onread'
  /** Encrypted bytes that have not been reported written. */
  | 'writeQueueSize'
  | 'useUserBuffer'
  | 'readStart'
  | 'readStop'
  | 'writeBuffer'
  | 'writeLatin1String'
  | 'shutdown'
>

/** The handle of libuv below it. */
export type LowerHandle = Pick<TcpHandle, 'writeBuffer' | 'writeQueueSize'>

/** The object that a connection over TLS reports to: an arrival, later a transport. */
export interface TlsOwner extends HandleOwner {
  /** The connection has failed. It is not closed yet. */
  failed(error: Error): void
}

/** Both handles of a connection whose bytes no stream of Node reads or writes. */
export interface OpenTls {
  readonly handle: TlsHandle
  readonly lower: LowerHandle
  /** Bytes that were read before the handles were taken; `null` if there are none. */
  readonly head: Uint8Array | null
  readonly isClosing: boolean
  /** Lets the connection read into `buffer`, and report to `owner`. */
  own(owner: TlsOwner, buffer: Uint8Array): void
  /**
   * Closes the connection. Its owner gets `error`, if there is one, and later `wasClosed`.
   * Idempotent.
   */
  close(error?: Error): void
}

/** A TLS connection of Node's: the socket owns the handles, and closes them. */
class SocketTls implements OpenTls {
  readonly handle: TlsHandle
  readonly lower: LowerHandle
  readonly head: Uint8Array | null
  readonly #socket: TLSSocket

  constructor(socket: TLSSocket, handle: TlsHandle, lower: LowerHandle) {
    this.handle = handle
    this.lower = lower
    this.head = takeBuffered(socket)
    this.#socket = socket
  }

  get isClosing(): boolean {
    return this.#socket.destroyed
  }

  own(owner: TlsOwner, buffer: Uint8Array): void {
    const socket = this.#socket
    socket.allowHalfOpen = true
    tuneSocket(socket)
    socket.setTimeout(0)
    socket.on('error', (error: Error) => owner.failed(error))
    socket.on('close', () => owner.wasClosed())
    setOwner(this.handle, owner)
    listenTo(this.handle, buffer)
  }

  close(error?: Error): void {
    this.#socket.destroy(error)
  }
}

const TLS_METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'writeLatin1String',
  'shutdown',
] as const

/** A socket, as far as we reach into it. */
interface OpenedSocket {
  readonly _handle: (TlsHandle & { readonly _parent?: LowerHandle | null }) | null
  /** `ended` is true from the peer's end on, which is reported only once. */
  readonly _readableState?: { readonly ended?: boolean }
}

/**
 * Looks for the handles of `socket`, and takes what its stream has read.
 *
 * @returns `null`, with nothing changed, unless it is a connected TLS socket over TCP with nothing
 *   left to write, whose peer has not ended.
 */
export function bypassTls(socket: unknown): OpenTls | null {
  if (!(socket instanceof TLSSocket) || socket.constructor !== TLSSocket) return null
  if (socket.connecting || socket.destroyed || socket.readableEnded) return null
  if (socket.writableLength > 0 || socket.writableEnded || !socket.readable) return null
  const opened = socket as unknown as OpenedSocket // the fields are looked at before they are used
  if (opened._readableState?.ended !== false) return null
  const handle = opened._handle
  const lower = handle?._parent
  if (handle === null || typeof handle !== 'object' || lower === null || lower === undefined) {
    return null
  }
  if (TLS_METHODS.some((name) => typeof handle[name] !== 'function')) return null
  if (typeof lower.writeBuffer !== 'function') return null
  if (typeof lower.writeQueueSize !== 'number' || typeof handle.writeQueueSize !== 'number') {
    return null
  }
  return new SocketTls(socket, handle, lower)
}
