/**
 * The TLS handle under a `TLSSocket`: the one file that knows how Node encrypts.
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
import type { TcpHandle } from './tcp-handle.ts'

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

/** Both handles of a socket whose streams are not used any more. */
export interface BypassedTls {
  readonly socket: TLSSocket
  readonly handle: TlsHandle
  readonly lower: LowerHandle
  /** What the socket had read already. */
  readonly head: Uint8Array | null
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
export function bypassTls(socket: unknown): BypassedTls | null {
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
  return { socket, handle, lower, head: takeBuffered(socket) }
}
