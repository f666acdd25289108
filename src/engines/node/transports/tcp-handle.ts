/**
 * The plain TCP handle under a `net.Socket`: the one file that knows Node's internals.
 *
 * A socket of Node is a stream around a handle of libuv. For each small message the stream costs
 * about as much as `recv` and `send` together, and for each connection about 3 KiB. Here the handle
 * is taken out of its socket, and the socket is destroyed.
 *
 * Node does not document these internals, which have been the same from Node 20 to 26.
 * `findInternals` looks for them before they are used, and `tcp-self-test.ts` tries them once. If
 * either fails, sessions run on streams.
 */

import { Socket } from 'node:net'

import { rootContext } from '../../../application/internal.ts'
import { takeBuffered } from './buffered-bytes.ts'
import { tuneSocket } from './stream-transport.ts'

/**
 * The handle of libuv under a socket: the members of Node's `TCPWrap` that we use. Calls return 0,
 * or an error number below 0.
 */
export interface TcpHandle {
  onread: (this: TcpHandle, argument?: unknown) => void
  readonly writeQueueSize?: number
  readonly bytesWritten?: number
  useUserBuffer(buffer: Uint8Array): void
  readStart(): number
  readStop(): number
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writeLatin1String(request: WriteRequest, text: string): number
  shutdown(request: ShutdownRequest): number
  close(callback?: () => void): void
  reset(callback?: () => void): number
}

/** One write that the kernel did not take at once. */
export interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void
  /** Keeps the memory alive while libuv refers to it. */
  buffer?: Uint8Array
}

/** One half-close. */
export interface ShutdownRequest {
  oncomplete?: (this: ShutdownRequest, status: number) => void
}

/** The parts of Node that are needed beside the handle itself. */
export interface TcpInternals {
  readonly createWrite: () => WriteRequest
  readonly createShutdown: () => ShutdownRequest
  /** Inside `onread`: the bytes that were read, or an error number below 0. */
  readonly bytesRead: () => number
  /** Right after `writeBuffer`: whether the kernel has not taken all, so the request goes on. */
  readonly wroteAsync: () => boolean
}

/** A handle that only Towpath uses. */
export interface TakenHandle {
  readonly handle: TcpHandle
  /** Bytes that were read before the handle was taken; `null` if there are none. */
  readonly head: Uint8Array | null
  /** The server that counts it among its connections until `uncount`; `null` without one. */
  readonly server: CountingServer | null
  /** Whether `listenTo` has been called for it. */
  readonly isListening: boolean
  /** Whether it is known to be reading. */
  readonly isReading: boolean
}

/** The object that a handle reports to: an arrival, later a transport. */
export interface HandleOwner {
  /** libuv has filled the read buffer, or reports an end or an error. */
  wasRead(): void
  /** The handle is closed. */
  wasClosed(): void
}

/**
 * The property that refers to the owner. Node makes it for each handle, and uses it only on handles
 * that listen. A property of our own would make V8 enlarge the properties of each handle.
 */
const OWNER = 'onconnection'
type ReadHandle = Pick<TcpHandle, 'onread' | 'useUserBuffer'>
type OwnedHandle = object & { [OWNER]?: HandleOwner | null }

/** Makes `owner` the object that `handle` reports to; `null`: none. */
export function setOwner(handle: object, owner: HandleOwner | null): void {
  ;(handle as OwnedHandle)[OWNER] = owner // the field is read in this file alone
}

/** Lets `handle`, of TCP or of TLS, read into `buffer`, and report to its owner. */
export function listenTo(handle: ReadHandle, buffer: Uint8Array): void {
  handle.useUserBuffer(buffer)
  handle.onread = onRead
}

/** Handles that are closed, and whose owners have not been told. */
let closed: TcpHandle[] = []

/**
 * Closes `handle`. The operating system has released the connection when this returns. `wasClosed`
 * is called later, never inside this call.
 *
 * @param withReset whether to send a reset. Never pass `true` while a `shutdown` of the handle is
 *   pending: libuv refuses such a reset, Node marks the handle as closing all the same, and the
 *   handle is never closed.
 */
export function closeHandle(handle: TcpHandle, withReset: boolean): void {
  // Without a callback of libuv, which would cost each handle a property and a call out of C++.
  if (!withReset || handle.reset() !== 0) handle.close()
  if (closed.push(handle) === 1) scheduleReports()
}

function scheduleReports(): void {
  // Many connections share the call, so it runs in the async context of none.
  rootContext.run(() => void setImmediate(reportClosed))
}

/** The same for a handle under TLS, which must stay as it is until libuv has let it go. */
export function closeUnderTls(handle: TcpHandle): void {
  handle.close(onClosed)
}

function reportClosed(): void {
  const handles = closed
  closed = []
  let reported = 0
  try {
    for (const handle of handles) {
      reported++
      onClosed.call(handle)
    }
  } finally {
    // If one owner throws, which is a bug, the others must still be told.
    if (reported < handles.length) {
      if (closed.length === 0) scheduleReports()
      closed = [...handles.slice(reported), ...closed]
    }
  }
}

// All handles share these two functions: a connection needs no closure of its own.

function onRead(this: TcpHandle): void {
  ;(this as OwnedHandle)[OWNER]?.wasRead()
}

function onClosed(this: TcpHandle): void {
  const owner = (this as OwnedHandle)[OWNER]
  setOwner(this, null)
  owner?.wasClosed()
}

/** The binding of Node, where it is as expected. */
interface StreamWrapBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => ShutdownRequest
  readonly streamBaseState: ArrayLike<number>
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

/** The parts of a server that its sockets use to be counted. */
export interface CountingServer {
  _connections: number
  _emitCloseIfDrained(): void
}

/** A socket, as far as we reach into it. */
interface OpenedSocket {
  _handle: TcpHandle | null
  /** `ended` is true from the peer's FIN on, which libuv tells only once. */
  readonly _readableState?: { readonly ended?: boolean }
  readonly _server?: CountingServer | null
}

const OWNER_NAME = 'owner_symbol'

const HANDLE_METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'writeLatin1String',
  'shutdown',
  'close',
  'reset',
] as const

/** Looks for Node's internals. @returns `null` where they are not as expected. */
export function findInternals(): TcpInternals | null {
  const binding = streamWrapBinding()
  if (binding === null) return null
  const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } =
    binding
  return {
    createWrite: () => new WriteWrap(),
    createShutdown: () => new ShutdownWrap(),
    bytesRead: () => streamBaseState[kReadBytesOrError] ?? 0,
    wroteAsync: () => streamBaseState[kLastWriteWasAsync] !== 0,
  }
}

/**
 * Takes the handle out of `socket`, which looks destroyed afterwards. If the handle was reading, it
 * still is: the caller gives it an `onread` within this turn of the event loop.
 *
 * @returns `null`, with nothing changed, unless it is a plain TCP socket, connected, with nothing
 *   left to write, whose peer has not ended.
 */
export function takeHandle(socket: unknown): TakenHandle | null {
  if (!(socket instanceof Socket) || socket.constructor !== Socket) return null
  if (socket.connecting || socket.destroyed || socket.readableEnded) return null
  if (socket.writableLength > 0 || socket.writableEnded || !socket.readable) return null
  const opened = socket as unknown as OpenedSocket // the fields are looked at before they are used
  if (opened._readableState?.ended !== false) return null
  const handle = opened._handle
  if (handle === null || typeof handle !== 'object') return null
  if (HANDLE_METHODS.some((name) => typeof handle[name] !== 'function')) return null

  tuneSocket(socket)
  const head = takeBuffered(socket)
  const server = countingServer(opened)
  opened._handle = null
  disown(handle)
  // Without its handle the socket only takes itself off the server's count, and says 'close'.
  socket.destroy()
  if (server !== null) server._connections++
  return { handle, head, server, isListening: false, isReading: false }
}

/** Tells the server of a taken handle that its connection is closed. Called once for each. */
export function uncount(server: CountingServer | null): void {
  if (server === null) return
  server._connections--
  server._emitCloseIfDrained()
}

function streamWrapBinding(): StreamWrapBinding | null {
  const { binding } = process as unknown as { binding?: (name: string) => unknown } // asked below
  if (typeof binding !== 'function') return null
  try {
    const found = binding('stream_wrap') as Partial<StreamWrapBinding> // each field is checked here
    const complete =
      typeof found.WriteWrap === 'function' &&
      typeof found.ShutdownWrap === 'function' &&
      typeof found.kReadBytesOrError === 'number' &&
      typeof found.kLastWriteWasAsync === 'number' &&
      ArrayBuffer.isView(found.streamBaseState)
    return complete ? (found as StreamWrapBinding) : null
  } catch {
    return null // this runtime has no such binding, or forbids it
  }
}

function countingServer(socket: OpenedSocket): CountingServer | null {
  const server = socket._server ?? null
  if (server === null) return null
  const counts =
    typeof server._connections === 'number' && typeof server._emitCloseIfDrained === 'function'
  return counts ? server : null
}

/** The key under which handles keep their sockets: a symbol of Node, once it has been seen. */
let ownerSymbol: symbol | null = null

/** Without this call the socket would stay in memory. */
function disown(handle: TcpHandle): void {
  ownerSymbol ??=
    Object.getOwnPropertySymbols(handle).find(({ description }) => description === OWNER_NAME) ??
    null
  if (ownerSymbol !== null) Reflect.set(handle, ownerSymbol, undefined)
}
